"""federation: draws the scores of each round at each hospital, over rounds and bytes (C-24)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from elsewhere.figures import costs, style
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Results, Row
from elsewhere.files import write_rows

SITE = "score_"  # what the columns of the hospitals' scores in history.csv begin with
SIZE, PITCH = (3.3, 1.9), (3.9, 2.75)
LEFT, HEAD, FOOT = 0.55, 0.36, -0.25
LEGEND = 1.5  # width, inch
ALL = "all hospitals"
MEGABYTE = 1e6
COLUMNS = (
    *("arm", "run", "round", "site", "score", "megabytes", "bytes_up", "bytes_down"),
    *("encrypt_seconds", "add_seconds", "decrypt_seconds"),
)


@dataclass(frozen=True)
class Rounds:
    """The rounds of one run.

    Attributes
    ----------
    scores
        A column for each hospital, and one for all; a row a round. NaN: undefined.
    costs
        ``round``, ``bytes_up`` ... as in cost.json, a row a round.
    kept
        Round whose model is kept.
    """

    scores: pd.DataFrame
    costs: pd.DataFrame
    kept: int

    @property
    def megabytes(self) -> pd.Series[float]:
        """What all hospitals have sent and received until the end of each round, in MB."""
        return (self.costs["bytes_up"] + self.costs["bytes_down"]).cumsum() / MEGABYTE


class Federation(Figure):
    """Scores of each round at each hospital, over rounds and over what was sent."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw the first run of each federated arm that has one; list all runs in a CSV."""
        names = {column.row: column.title for column in given.results.columns}
        spent = costs.read(given.job.paths("train_cost"))
        found = {
            key: _rounds(history, spent[key], given.records[key], names)
            for key, history in given.histories.items()
            if "rounds" in spent[key]
        }
        if not found:  # no federation was run: its sites have no data here
            return []
        write_rows(_listed(found), folder / "federation.csv", columns=COLUMNS)
        draw(given.results, found, folder)
        return ["federation"]


def draw(results: Results, found: Mapping[str, Rounds], folder: Path) -> None:
    """Draw federation.png and .svg: two panels for each arm that trained in rounds.

    Parameters
    ----------
    found
        "<arm>/<run>" to its rounds; of each arm the first is drawn.
    """
    firsts: dict[str, Rounds] = {}
    for key, rounds in found.items():
        firsts.setdefault(key.split("/")[0], rounds)
    rows = [row for row in results.rows if row.name in firsts]
    with style.look():
        page = style.sheet(
            "Federation: score of the common model at each hospital after each round",
            width=LEFT + 2 * PITCH[0] + LEGEND,
            height=HEAD + PITCH[1] * len(rows) + FOOT,
            notes=(
                "First run of each arm; validation part of each hospital. Dot: the round whose "
                "model is kept. A score that one class alone leaves undefined is not drawn.",
                "MB: ciphertexts and keys that all hospitals together have sent and received.",
                *results.named.policy,
            ),
            synthetic=results.synthetic,
        )
        for number, row in enumerate(rows):
            _row(page, row, firsts[row.name], top=HEAD + PITCH[1] * number)
        style.save(page.figure, folder, "federation")


def _row(page: style.Sheet, row: Row, rounds: Rounds, *, top: float) -> None:
    page.text(LEFT, top, row.short(80) + "\n", va="bottom", size=style.SMALL, weight="bold")
    axes = [page.box(LEFT + PITCH[0] * place, top, SIZE) for place in (0, 1)]
    _lines(axes[0], rounds, over=rounds.costs["round"], name="round")
    _lines(axes[1], rounds, over=rounds.megabytes, name="MB sent and received")
    axes[0].set_ylabel("validation score", size=style.SMALL, labelpad=2)
    axes[1].legend(  # beside the panel: within it a line would run through the names
        loc="upper left", bbox_to_anchor=(1.02, 1.0), fontsize=style.SMALL - 1, frameon=False,
        handlelength=1.2,
    )  # fmt: skip


def _lines(axes: Axes, rounds: Rounds, *, over: pd.Series[Any], name: str) -> None:
    for site, colour in zip(
        rounds.scores, style.PALETTE * len(rounds.scores.columns), strict=False
    ):
        common = site == ALL
        axes.plot(
            over.to_numpy(),
            rounds.scores[site].to_numpy(),
            color=style.INK if common else colour,
            linewidth=2.0 if common else 1.0,
            label=site,
        )
    kept = rounds.kept - 1
    score = rounds.scores[ALL].to_numpy()[kept]
    axes.plot(over.to_numpy()[kept], score, "o", color=style.INK, ms=4.5, clip_on=False)
    axes.set(xlim=(0, float(over.iloc[-1])), ylim=(0, 1.03))
    axes.set_xlabel(name, size=style.SMALL)
    axes.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes.xaxis.set_major_locator(style.few_ticks())
    axes.tick_params(length=2, pad=2)


def _rounds(
    history: pd.DataFrame,
    cost: Mapping[str, Any],
    record: Mapping[str, Any],
    names: Mapping[str, str],
) -> Rounds:
    """Return the rounds of a run; sites are called as in the other figures."""
    columns = {
        column: names[column.removeprefix(SITE)]
        for column in history.columns
        if column.startswith(SITE)
    }
    scores = history.rename(columns={**columns, "selection_score": ALL})
    kept = int(record["best_iteration"])
    return Rounds(scores[[*columns.values(), ALL]], pd.DataFrame(cost["rounds"]), kept)


def _listed(found: Mapping[str, Rounds]) -> Sequence[dict[str, Any]]:
    """Return a row for each run, round and hospital."""
    rows: list[dict[str, Any]] = []
    for key, rounds in found.items():
        arm, run = key.split("/")
        for at, cost in enumerate(rounds.costs.to_dict("records")):
            for site in rounds.scores:
                score = rounds.scores[site].iloc[at]
                row = {"arm": arm, "run": run, "site": site}
                row |= {str(name): value for name, value in cost.items()}
                row["score"] = None if pd.isna(score) else float(score)
                row["megabytes"] = round(float(rounds.megabytes.iloc[at]), 6)
                rows.append(row)
    return rows
