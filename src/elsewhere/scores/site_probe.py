"""site_probe: whether an arm's probability tells at which site a scan was made (A-75)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from elsewhere.scores import families
from elsewhere.scores.cell import Predicted
from elsewhere.scores.discrimination import Floats, Ints, midranks
from elsewhere.scores.intervals import auc_interval
from elsewhere.scores.predictions import RUN
from elsewhere.scores.single_models import ModelScans, mean_area

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
        A row a scan and run that tested it: ``site``, ``patient``, ``scan``, ``run``, ``unit`` (see
        `Predicted.unit`), ``class``, and ``score of <class>`` for each: the score by which its
        scans are compared. That is the probability of class 1, of more than two classes that of the
        class itself.
    """
    parts = [
        _at_site(of_site, classes).assign(site=site, unit=of_site[0].unit)
        for site, of_site in predicted.items()
    ]
    scans = pd.concat(parts, ignore_index=True)
    of_site = {name: scans["site"] + "|" + scans[name].astype(str) for name in ("patient", "scan")}
    return scans.assign(**of_site)


def of_arm(
    scans: pd.DataFrame, *, classes: Sequence[str], confidence: float
) -> Iterator[dict[str, Any]]:
    """Yield the probes of one arm's probability: rows of `COLUMNS` without arm, p_holm and family.

    For each site and class, ``auc`` is the probability that a scan of the site scores higher than a
    scan of the same class at the other sites. It is 0.5 where the model answers what a scan shows
    and not where it was made; a difference in severity moves it too. Where all test scans of a site
    are of one class, its scans are also compared with the other classes elsewhere, as a reader of
    the matrix would: a high AUC there is no merit of a model that scores the site high anyway.
    Of several runs it is the mean over the AUCs of single models, whose probabilities need not be
    on one scale. p is two-sided, see `exchanged_p`; the interval is DeLong's, clustered by patient.

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


def exchanged_p(
    scores: Floats, *, here: Ints, patients: Ints, runs: Ints | None = None, seed: int = 0
) -> float:
    """Return the permutation p of an AUC: patients are exchanged between the site and the others.

    It is the share of permutations whose AUC is at least as far from 0.5, the true one included:
    (b + 1) / (m + 1) for b of m.

    Parameters
    ----------
    scores
        [n].
    here
        1 for scans of the site, else 0 [n]; all scans of a patient are on one side.
    patients
        Number of the patient, from 0 on [n].
    runs
        Number of the model that gave the score [n]; the AUC is the mean over models. None: of one.
    seed
        Of the permutations.
    """
    of_run = np.zeros(len(scores), np.int64) if runs is None else runs
    sides = np.zeros(int(patients.max()) + 1, bool)
    sides[patients[here == 1]] = True
    sums, sizes = _of_patients(scores, patients, of_run)
    far = float(np.abs(_areas(sides[None], sums, sizes) - 0.5)[0])
    rng = np.random.default_rng(seed)
    as_far = 1
    for start in range(0, PERMUTATIONS, _BLOCK):
        count = min(_BLOCK, PERMUTATIONS - start)
        drawn = rng.permuted(np.tile(sides, (count, 1)), axis=1)
        as_far += int((np.abs(_areas(drawn, sums, sizes) - 0.5) >= far - 1e-9).sum())
    return as_far / (1 + PERMUTATIONS)


def _of_patients(scores: Floats, patients: Ints, runs: Ints) -> tuple[Floats, Floats]:
    """Return sums of ranks within each run, and numbers of scans, by patient and run [p, r]."""
    of = [runs == run for run in np.unique(runs)]
    n = int(patients.max()) + 1
    sums = [np.bincount(patients[rows], midranks(scores[rows]), minlength=n) for rows in of]
    sizes = [np.bincount(patients[rows], minlength=n) for rows in of]
    return np.stack(sums, axis=1).astype(np.float64), np.stack(sizes, axis=1).astype(np.float64)


def _areas(sides: NDArray[np.bool_], sums: Floats, sizes: Floats) -> Floats:
    """Return the mean over runs of the AUC of each choice of patients [b]; [b, p] and [p, r]."""
    here = sides.astype(np.float64)
    m = here @ sizes
    pairs = m * (sizes.sum(axis=0) - m)
    won = np.divide(here @ sums - m * (m + 1) / 2, pairs, out=np.zeros_like(m), where=pairs > 0)
    both = (pairs > 0).sum(axis=1)
    mean: Floats = np.where(both > 0, won.sum(axis=1) / np.maximum(both, 1), 0.5)
    return mean


def _score(name: str) -> str:
    return f"score of {name}"


def _at_site(parts: Sequence[Predicted], classes: Sequence[str]) -> pd.DataFrame:
    tables = [_tested(part.frame) for part in parts]
    if len(tables) == 1:
        label = tables[0]["label"].to_numpy(np.int64)
        scores = dict.fromkeys(map(_score, classes), tables[0]["probability_1"])
    else:
        label = np.argmax([table["label"].to_numpy(np.int64) for table in tables], axis=0)
        columns = zip(map(_score, classes), tables, strict=True)
        scores = {name: table["probability_1"] for name, table in columns}
    run = tables[0]["fold"].astype(str) + "-" + tables[0]["seed"].astype(str)
    named = np.array(classes, dtype=object)[label]
    of_scan = {"patient": tables[0]["patient_id"], "scan": tables[0]["scan_id"], "run": run}
    return pd.DataFrame({**of_scan, "class": named, **scores})


def _tested(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the test scans of each run in an order that does not depend on the rows."""
    return frame[frame["part"] == "test"].sort_values(["scan_id", *RUN]).reset_index(drop=True)


def _compared(
    scans: pd.DataFrame, site: pd.Series[bool], name: str, confidence: float
) -> dict[str, Any]:
    here: Ints = site.to_numpy().astype(np.int64)
    sides = [scans["patient"][here == side].nunique() for side in (0, 1)]
    unit = "image" if (scans["unit"] == "image").any() else "patient"
    of_side = [scans["scan"][here == side].nunique() for side in (0, 1)]
    counted = {
        **{"n_scans": of_side[1], "n_others": of_side[0]},
        **{"clusters": sum(sides), "unit": unit},
    }
    if min(sides) < FEWEST:
        reason = f"too few {unit}s: {min(sides)} on one side, at least {FEWEST} are needed"
        return {**counted, "auc": None, "p": None, "status": "undefined", "reason": reason}
    found = mean_area(_models(scans, here, name))
    if found is None:
        reason = "no run tested scans of this site and of the others"
        return {**counted, "auc": None, "p": None, "status": "undefined", "reason": reason}
    low, high, method = auc_interval(
        found.delong, confidence=confidence, unit="image" if unit == "image" else "patient"
    )
    scores = scans[_score(name)].to_numpy(np.float64)
    patients, runs = (pd.factorize(scans[of])[0].astype(np.int64) for of in ("patient", "run"))
    return {
        **counted,
        **{"auc": found.auc, "low": low, "high": high, "interval": method},
        "p": exchanged_p(scores, here=here, patients=patients, runs=runs),
        **{"status": "ok", "reason": None},
    }


def _models(scans: pd.DataFrame, here: Ints, name: str) -> list[ModelScans]:
    """Return each run's scans, with the side in place of the label."""
    columns = {of: scans[of].to_numpy(dtype=np.str_) for of in ("patient", "scan", "run")}
    scores = scans[_score(name)].to_numpy(np.float64)
    return [
        ModelScans(here[rows], scores[rows], columns["patient"][rows], columns["scan"][rows])
        for rows in (columns["run"] == run for run in np.unique(columns["run"]))
    ]
