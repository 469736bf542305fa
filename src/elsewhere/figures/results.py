"""results: all metrics of a study with its arms and sites, for figures."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elsewhere.design.arm import Arm
from elsewhere.design.metric_rows import compared
from elsewhere.design.scoring import STANDARD
from elsewhere.design.site import Site
from elsewhere.figures import words
from elsewhere.figures.arm_labels import ON_TEST, labels

Metrics = Mapping[str, Any]
OF_VALIDATION = "at each run's own threshold, chosen on the validation part of its "
CALLS = {  # of two classes, and of more
    "argmax": (
        "of the class with the higher probability (argmax: threshold 0.5)",
        "of the class with the highest probability (argmax)",
    ),
    "training_sites": (f"{OF_VALIDATION}training sites",) * 2,
    "test_site": (f"{OF_VALIDATION}test site",) * 2,
}


@dataclass(frozen=True)
class Column:
    """A test site, in the order of the study.

    Attributes
    ----------
    name
        The study's own name of the site, such as ``utsw``.
    row
        Row of ``sites`` that stands for it, such as ``utsw-synthetic``.
    title
        Name in figures.
    synthetic, available
        As declared for the row.
    """

    name: str
    row: str
    title: str
    synthetic: bool
    available: bool


@dataclass(frozen=True)
class Row:
    """An arm, in the order of the study.

    Attributes
    ----------
    label
        Name in figures; it says so if weights were chosen on test.
    sites
        The study's names of its training sites.
    counted
        Whether it enters sums over arms: its models are its own, are applied as trained, and were
        not chosen on test.
    """

    name: str
    label: str
    sites: tuple[str, ...]
    counted: bool = True

    @property
    def single(self) -> bool:
        """Trained on one site."""
        return len(self.sites) == 1

    def short(self, most: int) -> str:
        """Return the label cut to this many characters; what makes it optimistic is never cut."""
        if not self.label.endswith(ON_TEST):
            return textwrap.shorten(self.label, most, placeholder=" …")
        title = self.label.removesuffix(ON_TEST)
        return textwrap.shorten(title, most - len(ON_TEST), placeholder=" …") + ON_TEST


@dataclass(frozen=True)
class Named:
    """What figures show of a study: name, title, classes from label 0 on, confidence, threshold.

    ``threshold_from`` and ``metrics`` are those of the study's scoring; ``finding`` the title of
    the finding, or of one of more than two classes, that the results are of, and ``policy`` the
    footnote on how labels were made of findings: both empty where scans have one of two labels.
    """

    study: str
    title: str
    classes: tuple[str, ...]
    confidence: float
    threshold_from: str = "training_sites"
    finding: str = ""
    policy: tuple[str, ...] = ()
    metrics: tuple[str, ...] = STANDARD

    @property
    def part(self) -> str:
        """What each of several results of one cell is about."""
        return "class" if len(self.classes) > 2 else "finding"


@dataclass(frozen=True)
class Results:
    """A study as the figures see it; `cells` holds metrics.json by (arm, row of the test site)."""

    named: Named
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    cells: Mapping[tuple[str, str], Metrics]

    @property
    def study(self) -> str:
        """Name of the study."""
        return self.named.study

    def titled(self, title: str) -> str:
        """Return the title of a figure, with the finding if there is one."""
        return f"{self.named.finding}: {title}" if self.named.finding else title

    def file(self, name: str) -> str:
        """Return the name of a figure's files, with the finding at its end if there is one."""
        finding = self.named.finding.lower().replace(" ", "_")
        return f"{name}_{finding}" if finding else name

    @property
    def synthetic(self) -> bool:
        """Whether any site of the study is synthetic."""
        return any(column.synthetic for column in self.columns)

    @property
    def compared(self) -> dict[str, str]:
        """Name to title of the metrics that tables of arms show, in their order."""
        return compared(self.named.metrics)

    @property
    def percent(self) -> str:
        """Confidence of the intervals in words, such as 95%."""
        return f"{self.named.confidence:.0%}"

    @property
    def repeated(self) -> bool:
        """Whether an arm has several runs: folds or seeds."""
        return any(len(cell["runs"]) > 1 for cell in self.cells.values())

    @property
    def seeds(self) -> int:
        """Most seeds of a cell."""
        return self._most("seed")

    @property
    def calls(self) -> str:
        """How scans are called positive or negative, in words."""
        return CALLS[self.named.threshold_from][len(self.named.classes) > 2]

    @property
    def pooling(self) -> str:
        """What a cell's number is made of, as a sentence; empty where every cell has one run."""
        if not self.repeated:
            return ""
        of = [name for name in ("fold", "seed") if self._most(name) > 1]
        each = " and ".join(of)
        return (
            f"A cell has a model of each {each}: its AUC is the mean of theirs, and every call and "
            "probability of a model counts. "
        )

    def _most(self, of: str) -> int:
        several = ({run[of] for run in cell["runs"]} for cell in self.cells.values())
        return max(map(len, several), default=0)

    def groups(self) -> tuple[tuple[Row, ...], ...]:
        """Return the single-site rows and the multi-site rows, leaving out an empty group."""
        single = tuple(row for row in self.rows if row.single)
        multi = tuple(row for row in self.rows if not row.single)
        return tuple(group for group in (single, multi) if group)

    def cell(self, row: Row, column: Column) -> Metrics:
        """Return metrics.json of one cell."""
        return self.cells[row.name, column.row]

    def column(self, column: Column) -> Metrics:
        """Return a cell of this column with test scans, if any; all have the same test scans."""
        cells = [self.cell(row, column) for row in self.rows]
        return next((cell for cell in cells if cell["status"] != "not run"), cells[0])

    def counted(self) -> list[Metrics]:
        """Return the cells of the counted arms."""
        kept = {row.name for row in self.rows if row.counted}
        return [cell for (arm, _), cell in self.cells.items() if arm in kept]

    def own(self, row: Row, column: Column) -> bool:
        """Whether the arm was trained on this site."""
        return column.name in row.sites

    def trained_on(self, column: Column) -> bool:
        """Whether any arm was trained on this site."""
        return any(self.own(row, column) for row in self.rows)

    def image_level(self, column: Column) -> bool:
        """Whether the site publishes no patient keys, so that its split is by image."""
        return any(self.cell(row, column).get("patient_key") == "none" for row in self.rows)

    def heading(self, column: Column) -> str:
        """Return the title of a column, with a star when its split is by image."""
        return column.title + (" *" if self.image_level(column) else "")

    @property
    def starred(self) -> bool:
        """Whether a site publishes no patient keys."""
        return any(map(self.image_level, self.columns))

    def marks(self, row: Row | None, column: Column | None) -> dict[str, str]:
        """Return columns that every line of a CSV has: the arm's label, and the synthetic mark.

        ``synthetic`` is that of the site, or of the study where the line is about several sites.
        """
        synthetic = self.synthetic if column is None else column.synthetic
        label = "" if row is None else row.label
        return {"label": label, "synthetic": "yes" if synthetic else "no"}

    def notes(self) -> tuple[str, ...]:
        """Return the footnotes that every figure of results needs."""
        notes = []
        if any(cell["status"] == "not run" for cell in self.cells.values()):
            notes.append("not run: the data of a training site or of the test site are not here.")
        keyless = {c.title: self.trained_on(c) for c in self.columns if self.image_level(c)}
        return (*notes, *words.keyless(keyless), *self.named.policy)


def gather(
    paths: Mapping[str, Path],
    *,
    arms: Mapping[str, Arm],
    sites: Mapping[str, Site],
    site_rows: Mapping[str, str],
    named: Named,
) -> Results:
    """Read every metrics.json of a study.

    Parameters
    ----------
    paths
        "<arm>/<row of the test site>" to metrics.json.
    arms, sites, site_rows
        As in the settings of the step: arms in order, rows in column order, names to rows.
    named
        What the study is called.

    Raises
    ------
    ValueError
        If a cell of the matrix has no metrics.json.
    """
    names = {row: name for name, row in site_rows.items()}
    columns = tuple(
        Column(names.get(row, row), row, site.title, site.synthetic, site.available)
        for row, site in sites.items()
    )
    cells = {}
    for arm in arms:
        for column in columns:
            key = f"{arm}/{column.row}"
            if key not in paths:
                raise ValueError(
                    f"metrics of cell {key} are missing: every arm needs a cell on every site; "
                    f"got {', '.join(sorted(paths))}"
                )
            cells[arm, column.row] = json.loads(paths[key].read_text(encoding="utf-8"))
    titles = {column.name: column.title for column in columns}
    return Results(named, _rows(arms, titles), columns, cells)


def _rows(arms: Mapping[str, Arm], titles: Mapping[str, str]) -> tuple[Row, ...]:
    named = labels(arms, titles)
    return tuple(Row(name, named[name], arm.sites, _counts(arm)) for name, arm in arms.items())


def _counts(arm: Arm) -> bool:
    return arm.models_of is None and arm.selection == "validation" and not arm.anonymous
