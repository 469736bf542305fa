"""site_probe: whether an arm's probability tells at which site a scan was made (A-75)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from elsewhere.scores import families
from elsewhere.scores.arms import out_of_fold
from elsewhere.scores.cell import Predicted
from elsewhere.scores.delong import delong
from elsewhere.scores.discrimination import Floats, Ints, auc, midranks
from elsewhere.scores.intervals import auc_interval

COLUMNS = (
    *("arm", "source", "site", "scans_of", "against", "auc", "low", "high", "interval", "p"),
    *("p_holm", "family", "kind", "n_scans", "n_others", "clusters", "unit", "status", "reason"),
)
PROBABILITY, FEATURES = "probability", "features"
ALL_SITES, ALL_SCANS = "all sites", "all scans"
PERMUTATIONS = 9_999  # so many that p can be small after Holm's adjustment over some 100 probes
FEWEST = 5  # patients on each side, as in the cross-validated probe of features
_BLOCK = 500  # permutations at once


def gathered(
    predicted: Mapping[str, Sequence[Predicted]], *, classes: Sequence[str]
) -> pd.DataFrame:
    """Return the test scans of one arm at all sites.

    Parameters
    ----------
    predicted
        Site to the arm's predictions there: one of two classes, or one for each of more classes.
    classes
        Names of the labels, from 0 on.

    Returns
    -------
    pandas.DataFrame
        ``site``, ``patient``, ``unit`` (see `Predicted.unit`), ``class``, and ``score of <class>``
        for each: the score by which its scans are compared. That is the probability of class 1, of
        more than two classes that of the class itself: the mean over the runs that tested the scan.
    """
    parts = [
        _at_site(of_site, classes).assign(site=site, unit=of_site[0].unit)
        for site, of_site in predicted.items()
    ]
    scans = pd.concat(parts, ignore_index=True)
    return scans.assign(patient=scans["site"] + "|" + scans["patient"].astype(str))


def of_arm(
    scans: pd.DataFrame, *, classes: Sequence[str], confidence: float
) -> Iterator[dict[str, Any]]:
    """Yield the probes of one arm's probability: rows of `COLUMNS` without arm, p_holm and family.

    For each site and class, ``auc`` is the probability that a scan of the site scores higher than a
    scan of the same class at the other sites. It is 0.5 where the model answers what a scan shows
    and not where it was made; a difference in severity moves it too. Where all test scans of a site
    are of one class, its scans are also compared with the other classes elsewhere, as a reader of
    the matrix would: a high AUC there is no merit of a model that scores the site high anyway.
    p is two-sided, see `exchanged_p`; the interval is DeLong's, clustered by patient.

    Parameters
    ----------
    scans
        From `gathered`.
    """
    for site in scans["site"].unique():
        here = scans["site"] == site
        present = [name for name in classes if (here & (scans["class"] == name)).any()]
        for name in present:
            alone = len(present) == 1
            for against in [name, *(other for other in classes if alone and other != name)]:
                kept = (here & (scans["class"] == name)) | (~here & (scans["class"] == against))
                about = {"site": site, "scans_of": name, "against": against}
                found = _compared(scans[kept], here[kept], name, confidence)
                yield {"source": PROBABILITY, **about, **found}


def of_features(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the probe of an arm's features from explained.json, which names the site of a scan."""
    absent = {"auc": None, "p": None, "status": record["status"], "reason": record["reason"]}
    probe = record.get("linear_probe", {}).get("site", absent)
    return {
        "source": FEATURES,
        **{"site": ALL_SITES, "scans_of": ALL_SCANS, "against": ALL_SCANS},
        **{name: probe[name] for name in ("auc", "p", "status", "reason")},
        "n_scans": probe.get("n_scans"),
        "clusters": probe.get("n_patients"),
    }


def adjusted(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of `COLUMNS` with p adjusted over all of them (Holm 1979)."""
    found = families.adjusted("site probe", [row["p"] for row in rows])
    p_values = [None if p is None else round(p, 6) for p in found]
    family, kind = families.size(p_values), families.FAMILIES["site probe"].kind
    return [
        {name: {**row, "p_holm": p, "family": family, "kind": kind}.get(name) for name in COLUMNS}
        for row, p in zip(rows, p_values, strict=True)
    ]


def exchanged_p(scores: Floats, *, here: Ints, patients: Ints, seed: int = 0) -> float:
    """Return the permutation p of an AUC: patients are exchanged between the site and the others.

    It is the share of permutations whose AUC is at least as far from 0.5, the true one included.

    Parameters
    ----------
    scores
        [n].
    here
        1 for scans of the site, else 0 [n]; all scans of a patient are on one side.
    patients
        Number of the patient, from 0 on [n].
    seed
        Of the permutations.
    """
    sums, sizes = np.bincount(patients, weights=midranks(scores)), np.bincount(patients)
    sides = np.zeros(len(sizes), bool)
    sides[patients[here == 1]] = True
    far = abs(auc(here, scores=scores) - 0.5)
    rng = np.random.default_rng(seed)
    as_far = 1
    for start in range(0, PERMUTATIONS, _BLOCK):
        count = min(_BLOCK, PERMUTATIONS - start)
        drawn = rng.permuted(np.tile(sides, (count, 1)), axis=1)
        m = drawn @ sizes
        areas = (drawn @ sums - m * (m + 1) / 2) / (m * (len(scores) - m))
        as_far += int((np.abs(areas - 0.5) >= far - 1e-9).sum())
    return as_far / (1 + PERMUTATIONS)


def _score(name: str) -> str:
    return f"score of {name}"


def _at_site(parts: Sequence[Predicted], classes: Sequence[str]) -> pd.DataFrame:
    tables = [out_of_fold(part.frame) for part in parts]
    if len(tables) == 1:
        label = tables[0]["label"].to_numpy(np.int64)
        scores = dict.fromkeys(map(_score, classes), tables[0]["score"])
    else:
        label = np.argmax([table["label"].to_numpy(np.int64) for table in tables], axis=0)
        columns = map(_score, classes)
        scores = {name: table["score"] for name, table in zip(columns, tables, strict=True)}
    named = np.array(classes, dtype=object)[label]
    return pd.DataFrame({"patient": tables[0]["patient"], "class": named, **scores})


def _compared(
    scans: pd.DataFrame, site: pd.Series[bool], name: str, confidence: float
) -> dict[str, Any]:
    here: Ints = site.to_numpy().astype(np.int64)
    sides = [scans["patient"][here == side].nunique() for side in (0, 1)]
    unit = "image" if (scans["unit"] == "image").any() else "patient"
    counted = {
        **{"n_scans": int(here.sum()), "n_others": int((1 - here).sum())},
        **{"clusters": sum(sides), "unit": unit},
    }
    if min(sides) < FEWEST:
        reason = f"too few {unit}s: {min(sides)} on one side, at least {FEWEST} are needed"
        return {**counted, "auc": None, "p": None, "status": "undefined", "reason": reason}
    scores = scans[_score(name)].to_numpy(np.float64)
    patients = pd.factorize(scans["patient"])[0].astype(np.int64)
    estimate = delong(here, scores=scores[None], patients=patients)
    low, high, method = auc_interval(
        estimate, confidence=confidence, unit="image" if unit == "image" else "patient"
    )
    return {
        **counted,
        **{"auc": float(estimate.auc[0]), "low": low, "high": high, "interval": method},
        "p": exchanged_p(scores, here=here, patients=patients),
        **{"status": "ok", "reason": None},
    }
