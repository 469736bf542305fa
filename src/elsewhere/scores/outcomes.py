"""outcomes: sorts test scans into right and wrong predictions, and draws some of each."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence

import pandas as pd

OUTCOMES = ("true positive", "true negative", "false positive", "false negative")
FAILURES = OUTCOMES[2:]
RIGHT, WRONG = "right", "wrong"


def possible(classes: Sequence[str] = ()) -> tuple[str, ...]:
    """Return all outcomes in order; of more than two classes right and wrong of each."""
    return tuple(f"{name}: {end}" for name in classes for end in (RIGHT, WRONG)) or OUTCOMES


def failed(outcome: str) -> bool:
    """Say whether an outcome is a wrong prediction."""
    return outcome in FAILURES or outcome.endswith(f": {WRONG}")


def by_scan(rows: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Return one row a scan, of rows for each of more than two classes of one run.

    Returns
    -------
    pandas.DataFrame
        The row of the class that the scan is called, the most probable and the first of equals:
        ``label`` is the position of the scan's own class, ``call`` that of this one.
    """
    ordered = rows.assign(call=rows["finding"].map(list(classes).index))
    ordered = ordered.sort_values(["scan_id", "call"], ignore_index=True)
    truth = ordered[ordered["label"] == 1].set_index("scan_id")["call"]
    called = ordered.loc[ordered.groupby("scan_id")["probability_1"].idxmax()]
    return called.assign(label=called["scan_id"].map(truth)).reset_index(drop=True)


def outcomes(rows: pd.DataFrame, *, classes: Sequence[str] = ()) -> list[str]:
    """Return the outcome of each prediction, of the class with the higher probability.

    Parameters
    ----------
    rows
        Columns label and probability_1; at exactly 0.5 the prediction is negative. Of more than
        two classes label and call, as from `by_scan`.
    classes
        Their names where there are more than two; else empty.
    """
    if classes:
        pairs = zip(rows["label"], rows["call"], strict=True)
        return [f"{classes[own]}: {RIGHT if own == call else WRONG}" for own, call in pairs]
    named = {(1, True): 0, (0, False): 1, (0, True): 2, (1, False): 3}
    called_positive = rows["probability_1"] > 0.5
    return [OUTCOMES[named[key]] for key in zip(rows["label"], called_positive, strict=True)]


def choose(
    rows: pd.DataFrame,
    *,
    scans: int,
    seed: int,
    hidden: Collection[str] = (),
    classes: Sequence[str] = (),
) -> pd.DataFrame:
    """Draw scans of every outcome, one per patient.

    A scan's place in the random order depends on the seed and its scan_id alone.

    Parameters
    ----------
    rows
        Columns scan_id, patient_id and those of `outcomes`; one row per scan.
    scans
        Largest number of scans of each outcome.
    seed
        Of the drawing.
    hidden
        Scans that must not be shown.
    classes
        As in `outcomes`.

    Returns
    -------
    pandas.DataFrame
        The drawn rows, with a column outcome, in the order of `possible`, then in random order.
    """
    shown = rows.assign(outcome=outcomes(rows, classes=classes))
    shown = shown[~shown["scan_id"].isin([*hidden])]
    shown = in_random_order(shown, seed=seed)
    of_each = [shown[shown["outcome"] == outcome] for outcome in possible(classes)]
    drawn = [each.drop_duplicates("patient_id").head(scans) for each in of_each]
    return pd.concat(drawn, ignore_index=True)


def in_random_order(rows: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Return rows in random order; a row's place depends on the seed and its scan_id alone."""
    ranks = [_rank(seed, scan) for scan in rows["scan_id"]]
    return rows.assign(rank=ranks).sort_values("rank").drop(columns="rank")


def _rank(seed: int, scan: str) -> str:
    return hashlib.sha256(f"{seed}|{scan}".encode()).hexdigest()
