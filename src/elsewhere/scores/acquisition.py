"""acquisition: with which fields of acquisition the errors of a model go at one site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from elsewhere.scores.discrimination import Floats, Ints, midranks

# name of a field for readers: column of the manifest
FIELDS = {
    "scanner": "manufacturer",
    "kernel": "kernel",
    "thickness": "spacing_z_mm",
    "contrast": "contrast",
    "value scale": "value_scale",
}
UNKNOWN = "unknown"
PERMUTATIONS = 9_999  # so many that p can be small after Holm's adjustment over a study
FEWEST = 10  # patients; below, hardly any order of them is rare
_BANDS = 4  # groups of a field that is a number
_BLOCK = 2_000_000  # permuted patients held at once


@dataclass(frozen=True)
class ScansWithFields:
    """Test scans of one model at one site.

    Attributes
    ----------
    labels
        0 or 1, shape [n].
    scores
        Probability of class 1, shape [n].
    patients
        Patient number, shape [n].
    fields
        Name of a field to what each scan has of it; n of them.
    """

    labels: Ints
    scores: Floats
    patients: Ints
    fields: Mapping[str, tuple[str, ...]]


def fields(manifest: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return the acquisition of each scan by name of the field, in words.

    A thickness is named by its band: at most four, with about equally many scans.

    Parameters
    ----------
    manifest
        Rows of a manifest, one a scan; what is missing is unknown.
    """
    return {
        name: tuple(
            _bands(manifest[column])
            if pd.api.types.is_float_dtype(manifest[column])
            else manifest[column].fillna(UNKNOWN).astype(str)
        )
        for name, column in FIELDS.items()
    }


def errors(labels: Ints, *, scores: Floats) -> Floats:
    """Return how wrong the model is about each scan among those of its class, shape [n].

    It is the rank of a scan among its class, from the most rightly to the most wrongly scored, on
    -0.5..0.5. So neither the class, which may go with a field as well, nor the scale of the
    probabilities counts: only the order, as for the AUC.
    """
    wrong = np.zeros(len(labels))
    for label, sign in ((0, 1.0), (1, -1.0)):
        of_class = labels == label
        ranks = midranks(sign * scores[of_class])
        wrong[of_class] = (ranks - 0.5) / max(1, len(ranks)) - 0.5
    return wrong


def associations(tested: ScansWithFields, *, seed: int) -> Iterator[dict[str, Any]]:
    """Yield for each field how far errors differ between its values, and a permutation p.

    ``explained`` is the share of the variance of errors that lies between the values (eta squared);
    p is the share of permutations with at least as large a one, the true one included. The errors
    of patients are exchanged within patients who have scans of the same classes. ``worst`` is the
    value with the largest mean error, ``worst_patients`` their number.

    Yields
    ------
    dict
        ``field``, ``values``, ``n_patients``, ``explained``, ``p``, ``worst``, ``worst_patients``,
        ``reason``: what is undefined is None, and the reason says why.
    """
    people = _people(tested)
    drawn = _exchanged(people, seed)
    for name in tested.fields:
        values = people[name].nunique()
        row: dict[str, Any] = {"field": name, "values": values, "n_patients": len(people)}
        row |= dict.fromkeys(("explained", "p", "worst", "worst_patients", "reason"))
        if len(people) < FEWEST:
            yield row | {"reason": f"fewer than {FEWEST} patients"}
        elif values < 2:
            yield row | {"reason": f"the same for all patients: {people[name].iloc[0]}"}
        elif values == len(people):
            yield row | {"reason": "every patient has another value"}
        else:
            yield row | _tested(people, name, drawn)


def _bands(values: pd.Series[Any]) -> pd.Series[str]:
    known = values.dropna().round(2)
    if known.nunique() <= _BANDS:
        named = known.map(lambda size: f"{size:g} mm")
    else:
        cut = pd.qcut(known, _BANDS, duplicates="drop")
        named = cut.map(lambda band: f"{band.left:.3g} to {band.right:.3g} mm").astype(str)
    return named.astype(object).reindex(values.index).fillna(UNKNOWN)


def _people(tested: ScansWithFields) -> pd.DataFrame:
    """Return a row a patient: mean error, classes, and each field's values in words."""
    scans = pd.DataFrame(
        {
            "patient": tested.patients,
            "error": errors(tested.labels, scores=tested.scores),
            "label": tested.labels,
            **tested.fields,
        }
    )
    of_patient = scans.groupby("patient", sort=True)
    several = {name: of_patient[name].agg(_joined) for name in tested.fields}
    low, high = of_patient["label"].min(), of_patient["label"].max()
    return pd.DataFrame({"error": of_patient["error"].mean(), "stratum": low + high, **several})


def _joined(values: pd.Series[str]) -> str:
    return " and ".join(sorted(set(values)))


def _exchanged(people: pd.DataFrame, seed: int) -> Floats:
    """Return errors of patients exchanged within strata [permutations, patients]."""
    n = min(PERMUTATIONS, max(999, _BLOCK // max(1, len(people))))
    rng = np.random.default_rng(seed)
    drawn = np.empty((n, len(people)))
    error, stratum = people["error"].to_numpy(), people["stratum"].to_numpy()
    for number in np.unique(stratum):
        of = np.flatnonzero(stratum == number)
        drawn[:, of] = rng.permuted(np.tile(error[of], (n, 1)), axis=1)
    return drawn


def _tested(people: pd.DataFrame, name: str, drawn: Floats) -> dict[str, Any]:
    codes, values = pd.factorize(people[name], sort=True)
    belongs = np.eye(len(values))[codes]
    sizes = belongs.sum(axis=0)
    error = people["error"].to_numpy()
    explained = float(_explained(error[None], belongs)[0])
    as_far = int((_explained(drawn, belongs) >= explained - 1e-12).sum())
    means = (error @ belongs) / sizes
    worst = int(np.argmax(means))
    return {
        "explained": explained,
        "p": (1 + as_far) / (1 + len(drawn)),
        "worst": str(values[worst]),
        "worst_patients": int(sizes[worst]),
    }


def _explained(errors_of: Floats, belongs: Floats) -> Floats:
    """Return the share of variance between groups of each row of errors [k, patients]."""
    sizes = belongs.sum(axis=0)
    centred = errors_of - errors_of.mean(axis=1, keepdims=True)
    # einsum, unlike BLAS, sums in the same order with any number of threads
    between = (np.einsum("kp,pg->kg", centred, belongs) ** 2 / sizes).sum(axis=1)
    total = (centred**2).sum(axis=1)
    with np.errstate(invalid="ignore"):
        shares: Floats = np.where(total > 0, between / np.where(total > 0, total, 1), 0.0)
    return shares
