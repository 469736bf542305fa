"""readers: how readers call the test scans: each, on average, by vote, beside a model (C-30)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from elsewhere.design.scoring import Scoring
from elsewhere.files import texts
from elsewhere.scores import classes as exclusive
from elsewhere.scores import mrmc
from elsewhere.scores.discrimination import Ints
from elsewhere.scores.intervals import Unit
from elsewhere.scores.metric import Judged, Sample
from elsewhere.scores.metrics.sensitivity import Sensitivity
from elsewhere.scores.metrics.specificity import Specificity
from elsewhere.scores.mrmc import Calls, Quantity

COLUMNS = ("scan_id", "reader", "years", "called")
MODEL, MEAN, VOTE, DIFFERENCE = "model", "mean reader", "vote", "mean reader minus model"
QUANTITIES = ("sensitivity", "specificity", "balanced accuracy")
NUMBERS = ("value", "low", "high", "t", "df", "p", "method", "reason")


class ReadersError(ValueError):
    """A table of calls cannot be used; the message names the file and what is wrong."""


@dataclass(frozen=True)
class Reading:
    """What several readers and a model called the same test scans, all of them.

    Attributes
    ----------
    classes
        Names of the classes, in the order of the study.
    truth
        Index of the class of each scan, [scans].
    patients
        Patient number, [scans].
    calls
        Index of the class that the model (first row) and each reader called, [1 + readers, scans].
    readers
        Name of each reader.
    years
        Each reader's years of experience; NaN where unknown.
    unit
        What is numbered in `patients`.
    """

    classes: tuple[str, ...]
    truth: Ints
    patients: Ints
    calls: Ints
    readers: tuple[str, ...]
    years: tuple[float, ...]
    unit: Unit = "patient"


def read(path: Path, *, classes: Sequence[str]) -> pd.DataFrame:
    """Read the table of calls of a site, a row a scan and reader.

    Returns
    -------
    pandas.DataFrame
        The columns of `COLUMNS`: years as float, NaN where unknown; called is the position of a
        class.

    Raises
    ------
    ReadersError
        If a column is missing, a class unknown, or a reader has two calls of a scan.
    """
    table = pd.read_csv(path, converters=texts("scan_id"))
    if list(table.columns) != [*COLUMNS]:
        raise ReadersError(f"{path}: got the columns {[*table.columns]}, expected {[*COLUMNS]}")
    unknown = sorted({*table["called"]} - {*range(len(classes))})
    if unknown:
        raise ReadersError(
            f"{path}, column called: got {unknown[0]}, but the study has {len(classes)} classes, "
            f"from 0 to {len(classes) - 1}"
        )
    twice = table.duplicated(["scan_id", "reader"])
    if twice.any():
        row = table[twice].iloc[0]
        raise ReadersError(f"{path}: reader {row['reader']} has two calls of scan {row['scan_id']}")
    return table.astype({"years": "float64"})


def reading(
    calls: pd.DataFrame, scans: pd.DataFrame, *, classes: Sequence[str], unit: Unit = "patient"
) -> Reading:
    """Return the scans that the model and all readers called; each must have been read by all.

    A scan that one reader left out leaves the comparison for all, as it must be of the same scans.

    Parameters
    ----------
    calls
        As from `read`.
    scans
        Test scans, with scan_id, patient_id, label and called (index of class, of the model).
    classes
        Names of the classes, in the order of the study.

    Raises
    ------
    ReadersError
        If no scan was called by all.
    """
    order = calls.groupby("reader", sort=False)["years"].first().sort_values(ascending=False)
    wide = calls.pivot(index="scan_id", columns="reader", values="called")[[*order.index]]
    known = scans.set_index("scan_id").sort_index()
    shared = known.index.intersection(wide.dropna().index)
    if shared.empty:
        raise ReadersError("no test scan was called by all readers: was the file of another study?")
    of_readers = wide.loc[shared].to_numpy(dtype=np.int64).T
    chosen = known.loc[shared]
    return Reading(
        classes=tuple(classes),
        truth=chosen["label"].to_numpy(dtype=np.int64),
        patients=pd.factorize(chosen["patient_id"])[0].astype(np.int64),
        calls=np.vstack([chosen["called"].to_numpy(dtype=np.int64)[None], of_readers]),
        readers=tuple(f"reader {number}" for number in order.index),
        years=tuple(order),
        unit=unit,
    )


def called(rows: pd.DataFrame, *, classes: Sequence[str]) -> pd.DataFrame:
    """Return test scans with the class that a model calls: the most probable, the first of equals.

    Parameters
    ----------
    rows
        Test rows of one cell, as from `predictions.read`: of more than two classes a row per class.
    classes
        Names of the classes.

    Returns
    -------
    pandas.DataFrame
        scan_id, patient_id, label and called, as `reading` takes them.
    """
    if len(classes) > 2:
        labels, probabilities, _ = exclusive.scans(rows, classes)
        calls = probabilities.argmax(axis=1)
        first = rows.groupby("scan_id", sort=True)["patient_id"].first()
        table = {"scan_id": first.index, "patient_id": first.to_numpy()}
        return pd.DataFrame({**table, "label": labels, "called": calls})
    scans = rows.groupby("scan_id", sort=True).agg(
        patient_id=("patient_id", "first"),
        label=("label", "first"),
        called=("probability_1", "mean"),
    )
    scans["called"] = (scans["called"] > 0.5).astype(np.int64)
    return scans.reset_index()


def vote(calls: Ints, *, years: Sequence[float]) -> Ints:
    """Return the class that most readers called, [scans].

    [AMB] C-30: the paper does not say how six readers vote when three stand against three. Of
    classes with equally many votes the one counts whose readers have more years together, then the
    first in the order of the study.

    Parameters
    ----------
    calls
        Index of the class that each reader called, [readers, scans].
    years
        Each reader's years; an unknown number counts as none.
    """
    weights = np.nan_to_num(np.array(years, dtype=np.float64))
    voted = []
    for column in calls.T:
        votes = Counter(column.tolist())
        experience = {name: float(weights[column == name].sum()) for name in votes}
        voted.append(min(votes, key=lambda name: (-votes[name], -experience[name], name)))
    return np.array(voted, dtype=np.int64)


def table(study: Reading, *, scoring: Scoring) -> list[dict[str, Any]]:
    """Return sensitivity, specificity and their mean of everyone, for each class against the rest.

    Returns
    -------
    list
        Rows with class, who, years, n_scans, n_patients, n_positive, quantity and `NUMBERS`. The
        model, each reader and the vote have intervals over patients; the mean reader and its
        difference from the model those of `mrmc.average`, over readers and patients.
    """
    rows = []
    for index, name in enumerate(study.classes):
        positive = study.truth == index
        about = {
            "class": name,
            "n_scans": len(positive),
            "n_patients": len(np.unique(study.patients)) if study.unit == "patient" else None,
            "n_positive": int(positive.sum()),
        }
        rows += [{**about, **row} for row in _of_class(study, index, scoring)]
    return rows


def _of_class(study: Reading, index: int, scoring: Scoring) -> Iterator[dict[str, Any]]:
    calls: Calls = study.calls == index
    voted = vote(study.calls[1:], years=study.years) == index
    everyone = zip(
        (MODEL, *study.readers, VOTE),
        (None, *(None if np.isnan(y) else y for y in study.years), None),
        (*calls, voted),
        strict=True,
    )
    for who, years, called in everyone:
        for quantity, numbers in _alone(study, index, called, scoring).items():
            yield {"who": who, "years": years, "quantity": quantity, **numbers}
    for quantity, values in _quantities(study, index, calls).items():
        readers = _of_readers(values)
        for who, compared in ((MEAN, readers), (DIFFERENCE, mrmc.minus_model(values))):
            found = asdict(mrmc.average(compared, confidence=scoring.confidence))
            found["value"] = found.pop("mean")
            method = None if found["low"] is None else "Obuchowski-Rockette, Hillis"
            numbers = {key: found.get(key) for key in NUMBERS} | {"method": method}
            yield {"who": who, "years": None, "quantity": quantity, **numbers}


def _alone(
    study: Reading, index: int, called: Calls, scoring: Scoring
) -> dict[str, dict[str, Any]]:
    """Return sensitivity and specificity of one reader, with intervals over patients."""
    labels = (study.truth == index).astype(np.int64)
    judged = Judged(labels, called.astype(np.float64), called, study.patients, (), study.unit)
    sample, numbers = Sample(judged, scoring), {}
    for name, metric in (("sensitivity", Sensitivity()), ("specificity", Specificity())):
        measured = metric.measure(sample)
        interval = measured.intervals.get("")
        numbers[name] = dict.fromkeys(NUMBERS) | {
            "value": measured.value,
            "reason": measured.reason,
            **(interval._asdict() if interval else {}),
        }
    return numbers


def _quantities(study: Reading, index: int, calls: Calls) -> dict[str, Quantity]:
    positive = study.truth == index
    found = (
        mrmc.shares(calls, among=positive, patients=study.patients, what="positive"),
        mrmc.shares(~calls, among=~positive, patients=study.patients, what="negative"),
        mrmc.areas(positive.astype(np.int64), calls=calls, patients=study.patients),
    )
    return dict(zip(QUANTITIES, found, strict=True))


def _of_readers(quantity: Quantity) -> Quantity:
    """Leave out the model."""
    covariance = None if quantity.covariance is None else quantity.covariance[1:, 1:]
    return Quantity(quantity.values[1:], covariance, quantity.reason)
