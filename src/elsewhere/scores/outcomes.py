"""outcomes: which scans a model got right and wrong, and some of each, drawn by a seed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

import pandas as pd

OUTCOMES = ("true positive", "true negative", "false positive", "false negative")
FAILURES = OUTCOMES[2:]


def outcomes(rows: pd.DataFrame) -> list[str]:
    """Return the outcome of each prediction, of the class with the higher probability.

    Parameters
    ----------
    rows
        Columns label and probability_1; at exactly 0.5 the prediction is negative.
    """
    named = {(1, True): 0, (0, False): 1, (0, True): 2, (1, False): 3}
    said = rows["probability_1"] > 0.5
    return [OUTCOMES[named[key]] for key in zip(rows["label"], said, strict=True)]


def choose(
    rows: pd.DataFrame, *, scans: int, seed: int, hidden: Collection[str] = ()
) -> pd.DataFrame:
    """Draw scans of every outcome, one a patient; whatever else is there, a scan's turn stays.

    Parameters
    ----------
    rows
        Columns scan_id, patient_id, label, probability_1; one row a scan.
    scans
        Most scans of each outcome.
    seed
        Of the drawing.
    hidden
        Scans that must not be shown.

    Returns
    -------
    pandas.DataFrame
        The drawn rows, with a column outcome, in the order of `OUTCOMES` and of their turn.
    """
    shown = rows.assign(outcome=outcomes(rows))
    shown = shown[~shown["scan_id"].isin([*hidden])]
    shown = in_turn(shown, seed=seed)
    of_each = [shown[shown["outcome"] == outcome] for outcome in OUTCOMES]
    drawn = [each.drop_duplicates("patient_id").head(scans) for each in of_each]
    return pd.concat(drawn, ignore_index=True)


def in_turn(rows: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Return rows in the order in which a seed draws their scans, each by its scan_id alone."""
    turns = [_turn(seed, scan) for scan in rows["scan_id"]]
    return rows.assign(turn=turns).sort_values("turn").drop(columns="turn")


def _turn(seed: int, scan: str) -> str:
    return hashlib.sha256(f"{seed}|{scan}".encode()).hexdigest()
