"""places: where each arm of a study of findings is tested, and its metrics there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from elsewhere.design.arm import Arm
from elsewhere.design.paths import INTERNAL
from elsewhere.figures.results import Column, Metrics, Results, Row


@dataclass(frozen=True)
class Place:
    """Where an arm is tested: on the test scans of all its own sites, or on a site it never saw.

    Attributes
    ----------
    site
        `INTERNAL`, or the study's own name of the site.
    title
        Names of the sites in figures.
    synthetic
        Whether one of them is.
    cells
        Finding to metrics.
    """

    row: Row
    site: str
    title: str
    synthetic: bool
    cells: Mapping[str, Metrics]

    @property
    def kind(self) -> str:
        """What figures call it."""
        return "internal" if self.site == INTERNAL else "unseen"

    @property
    def listed_as(self) -> tuple[str, ...]:
        """Names of its site in published numbers: of one training site also that site's."""
        alone = self.site == INTERNAL and self.row.single
        return (self.site, *self.row.sites) if alone else (self.site,)

    @property
    def marks(self) -> dict[str, str]:
        """Return columns that every line of a CSV has: the arm's label, and the synthetic mark."""
        return {"label": self.row.label, "synthetic": "yes" if self.synthetic else "no"}


@dataclass(frozen=True)
class ByFinding:
    """Results of each finding (B-05), and of each arm on all its own test scans (B-28).

    Attributes
    ----------
    titles
        Finding to its name in figures, in the order of the study.
    arms
        Those of the study: their networks.
    results
        Finding to its cells on every site.
    internal
        Finding and arm to the metrics on the test scans of all sites that the arm was trained on.

    Raises
    ------
    ValueError
        If a finding has no results, or an arm no internal ones.
    """

    titles: Mapping[str, str]
    arms: Mapping[str, Arm]
    results: Mapping[str, Results]
    internal: Mapping[str, Mapping[str, Metrics]]

    def __post_init__(self) -> None:
        wanted = {(finding, row.name) for finding in self.titles for row in self.any.rows}
        available = {
            (finding, arm) for finding in self.results for arm in self.internal.get(finding, {})
        }
        missing = sorted(" of ".join(reversed(pair)) for pair in wanted - available)
        if missing:
            raise ValueError(
                f"no internal results of {', '.join(missing)}; expected those of every arm and "
                "finding: score the test scans of all its training sites together"
            )

    @property
    def any(self) -> Results:
        """Results of the first finding: rows, columns and notes are those of all."""
        return next(iter(self.results.values()))

    def networks(self) -> dict[str, tuple[Row, ...]]:
        """Return the rows of each network, in the order of the arms."""
        by_network: dict[str, tuple[Row, ...]] = {}
        for row in self.any.rows:
            name = self.arms[row.name].network
            by_network[name] = (*by_network.get(name, ()), row)
        return by_network

    def places(self, row: Row) -> tuple[Place, ...]:
        """Return where an arm is tested: internally, then at sites that fewest arms have seen."""
        columns = self.any.columns
        own = [column for column in columns if column.name in row.sites]
        unseen = [column for column in columns if column.name not in row.sites]
        unseen.sort(key=lambda column: sum(column.name in other.sites for other in self.any.rows))
        return (
            Place(
                row=row,
                site=INTERNAL,
                title=" + ".join(self.any.heading(column) for column in own),
                synthetic=any(column.synthetic for column in own),
                cells={finding: self.internal[finding][row.name] for finding in self.titles},
            ),
            *(self._unseen(row, column) for column in unseen),
        )

    def _unseen(self, row: Row, column: Column) -> Place:
        return Place(
            row=row,
            site=column.name,
            title=self.any.heading(column),
            synthetic=column.synthetic,
            cells={finding: self.results[finding].cell(row, column) for finding in self.titles},
        )

    def all_places(self) -> tuple[Place, ...]:
        """Return the places of all arms, network by network."""
        rows = [row for group in self.networks().values() for row in group]
        return tuple(place for row in rows for place in self.places(row))
