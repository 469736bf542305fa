"""cell_notices: sentences on cells whose threshold rests on few patients, or whose folds differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from elsewhere.scores.headline import OTHER_SCALES

# A threshold of fewer validation patients is another one at the next draw of patients.
FEW_CHOOSE = 30

Cell = Mapping[str, Any]


def few_choose(cells: Iterable[Cell]) -> Iterator[str]:
    """Yield a sentence if thresholds were chosen on fewer than `FEW_CHOOSE` validation patients.

    Parameters
    ----------
    cells
        metrics.json of every cell, one per finding or class where there are several.
    """
    chosen = [run for cell in cells for run in cell["runs"] if run.get("threshold_low") is not None]
    few = [run for run in chosen if run["threshold_patients"] < FEW_CHOOSE]
    if few:
        fewest = min(int(run["threshold_patients"]) for run in few)
        widest = max(few, key=lambda run: float(run["threshold_high"] - run["threshold_low"]))
        yield (
            f"{len(few)} of {len(chosen)} thresholds were chosen on fewer than {FEW_CHOOSE} "
            f"validation patients, as few as {fewest}: with other patients of the same kind a "
            f"threshold of {widest['threshold']:.2f} would lie between "
            f"{widest['threshold_low']:.2f} and {widest['threshold_high']:.2f}. Accuracy, "
            "sensitivity and specificity change with it."
        )


def other_scales(cells: Iterable[Cell], *, sites: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence if the scores of different folds are not on one scale.

    Parameters
    ----------
    cells
        As in `few_choose`.
    sites
        Row of a site to its title.
    """
    folds = [cell for cell in cells if len(cell["runs"]) > 1]
    differ = [cell for cell in folds if cell["pooled"].get("pooling") == OTHER_SCALES]
    if differ:
        listed = "; ".join(
            f"{cell['arm']} at {sites.get(cell['site'], cell['site'])}, "
            f"{cell['pooled']['undefined']['auc_pooled'].removeprefix(f'{OTHER_SCALES}: ')}"
            for cell in differ[:3]
        )
        more = f"; and {len(differ) - 3} more" if len(differ) > 3 else ""
        yield (
            f"In {len(differ)} of {len(folds)} cells the probabilities of different folds are not "
            f"on one scale, so scores are not pooled over folds: {listed}{more}."
        )
