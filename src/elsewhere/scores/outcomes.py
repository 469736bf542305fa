"""outcomes: sorts test scans into right and wrong predictions, and draws some of each."""

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
    called_positive = rows["probability_1"] > 0.5
    return [OUTCOMES[named[key]] for key in zip(rows["label"], called_positive, strict=True)]


def choose(
    rows: pd.DataFrame, *, scans: int, seed: int, hidden: Collection[str] = ()
) -> pd.DataFrame:
    """Draw scans of every outcome, one per patient.

    A scan's place in the random order depends on the seed and its scan_id alone.

    Parameters
    ----------
    rows
        Columns scan_id, patient_id, label, probability_1; one row per scan.
    scans
        Largest number of scans of each outcome.
    seed
        Of the drawing.
    hidden
        Scans that must not be shown.

    Returns
    -------
    pandas.DataFrame
        The drawn rows, with a column outcome, in the order of `OUTCOMES`, then in random order.
    """
    shown = rows.assign(outcome=outcomes(rows))
    shown = shown[~shown["scan_id"].isin([*hidden])]
    shown = in_random_order(shown, seed=seed)
    of_each = [shown[shown["outcome"] == outcome] for outcome in OUTCOMES]
    drawn = [each.drop_duplicates("patient_id").head(scans) for each in of_each]
    return pd.concat(drawn, ignore_index=True)


def in_random_order(rows: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Return rows in random order; a row's place depends on the seed and its scan_id alone."""
    ranks = [_rank(seed, scan) for scan in rows["scan_id"]]
    return rows.assign(rank=ranks).sort_values("rank").drop(columns="rank")


def _rank(seed: int, scan: str) -> str:
    return hashlib.sha256(f"{seed}|{scan}".encode()).hexdigest()
