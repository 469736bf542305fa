"""mrmc: compares a model with several readers of the same scans (C-30).

Readers differ from each other, and scans differ in difficulty. A test that ignores either is too
sure of itself. This is the random-reader, random-case analysis of Obuchowski & Rockette (1995) in
the form of Hillis (2007), applied to the differences reader minus model: the model is the same
for all readers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from elsewhere.scores.delong import delong
from elsewhere.scores.discrimination import Floats, Ints

_NO_VARIANCE = 1e-24  # of shares on 0..1: what is left is rounding

Calls = NDArray[np.bool_]


class Quantity(NamedTuple):
    """One quantity of the model (first) and of each reader [1 + readers], with its covariance.

    The covariance [1 + readers, 1 + readers] is None where it cannot be estimated; ``reason`` then
    says why, and a quantity without any scan is NaN.
    """

    values: Floats
    covariance: Floats | None
    reason: str | None


@dataclass(frozen=True)
class Average:
    """A mean over readers, with its interval for readers and patients like these.

    Attributes
    ----------
    readers
        Number of readers.
    mean, low, high
        The mean and its interval.
    t, df, p
        Statistic of the test that the mean is 0, its degrees of freedom, two-sided p.
    reason
        Why what is None cannot be computed.
    """

    readers: int
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    t: float | None = None
    df: float | None = None
    p: float | None = None
    reason: str | None = None


def shares(right: Calls, *, among: Calls, patients: Ints, what: str) -> Quantity:
    """Return a share of right calls, such as the sensitivity, of a model and of each reader.

    Several scans of one patient are one cluster: the covariance sums a patient's residuals first
    (Obuchowski 1997; Rao & Scott 1992).

    Parameters
    ----------
    right
        Whether the call of the model (first row) and of each reader is right, [1 + readers, scans].
    among
        Which scans count, such as the positive ones, [scans].
    patients
        Patient number, [scans].
    what
        What the scans that count are called in a reason, such as "positive".
    """
    chosen = right[:, among].astype(np.float64)
    if not chosen.shape[1]:
        return Quantity(np.full(len(right), np.nan), None, f"no test scan is {what}")
    values: Floats = chosen.mean(axis=1)
    _, cluster = np.unique(patients[among], return_inverse=True)
    number = int(cluster.max()) + 1
    if number < 2:
        return Quantity(values, None, f"scans of one {what} patient only have no variance")
    sums = np.zeros((len(right), number))
    for row, residuals in zip(sums, chosen - values[:, None], strict=True):
        np.add.at(row, cluster, residuals / chosen.shape[1])
    # unlike a product of matrices this is the same for any number of threads
    products = np.einsum("ki,li->kl", sums, sums)
    return Quantity(values, number / (number - 1) * products, None)


def areas(labels: Ints, *, calls: Calls, patients: Ints) -> Quantity:
    """Return the area under the ROC curve of yes-or-no calls, clustered by patient.

    It is the mean of sensitivity and specificity.

    Parameters
    ----------
    labels
        0 or 1, [scans].
    calls
        Positive calls of the model (first row) and of each reader, [1 + readers, scans].
    patients
        Patient number, [scans].
    """
    if len(np.unique(labels)) < 2:
        which = "positive" if labels.any() else "negative"
        return Quantity(np.full(len(calls), np.nan), None, f"all test scans are {which}")
    found = delong(labels, scores=calls.astype(np.float64), patients=patients)
    reason = None if found.covariance is not None else "a class has one patient only"
    return Quantity(found.auc, found.covariance, reason)


def minus_model(quantity: Quantity) -> Quantity:
    """Return the differences reader minus model [readers], of a model (first) and its readers."""
    values = quantity.values[1:] - quantity.values[0]
    if quantity.covariance is None:
        return Quantity(values, None, quantity.reason)
    number = len(values)
    contrasts = np.hstack([np.full((number, 1), -1.0), np.eye(number)])
    return Quantity(values, contrasts @ quantity.covariance @ contrasts.T, None)


def average(quantity: Quantity, *, confidence: float) -> Average:
    """Average a quantity over readers, for readers and patients like these (Hillis 2007).

    With ``MS`` the variance of the quantity over J readers and ``c`` its mean covariance over
    scans, for two readers, the mean has the variance ``MS / J + max(c, 0)`` and
    ``(MS + J max(c, 0))^2 (J - 1) / MS^2`` degrees of freedom. Of `minus_model` this is the test of
    the model against the readers.

    Parameters
    ----------
    quantity
        Of each reader.
    confidence
        Of the interval, such as 0.95.
    """
    number = len(quantity.values)
    if not number or np.isnan(quantity.values).any():
        return Average(number, reason=quantity.reason or "there is no reader")
    mean = float(quantity.values.mean())
    if quantity.covariance is None:
        return Average(number, mean, reason=quantity.reason)
    if number < 2:
        return Average(number, mean, reason="one reader does not show how readers differ")
    among = float(quantity.values.var(ddof=1))
    if among <= _NO_VARIANCE:
        return Average(number, mean, reason="all readers have the same value")
    apart = ~np.eye(number, dtype=np.bool_)
    shared = max(float(quantity.covariance[apart].mean()), 0.0)
    df = (among + number * shared) ** 2 * (number - 1) / among**2
    error = math.sqrt(among / number + shared)
    half = float(stdtrit(df, (1 + confidence) / 2)) * error
    p = 2 * float(stdtr(df, -abs(mean) / error))
    return Average(number, mean, mean - half, mean + half, mean / error, df, p)
