"""embeddings: projects embeddings to two dimensions, and probes them for site and class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import TSNE
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

DIMENSIONS = 32
FOLDS = 5
FEW = 12  # scans, below which neighbourhoods mean nothing
PERPLEXITY = 30.0

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


def reduced(embedded: Floats) -> tuple[Floats, float | None]:
    """Return the first principal components, and their share of the variance.

    Parameters
    ----------
    embedded
        [scans, features], of all sites together.

    Returns
    -------
    tuple
        float32 [scans, at most `DIMENSIONS`], each in units of the standard deviation of the
        first; and 0 to 1, None where nothing varies.
    """
    count = min(DIMENSIONS, *embedded.shape)
    if not (embedded != embedded[:1]).any():
        return np.zeros((len(embedded), count), np.float32), None
    model = PCA(count, svd_solver="full")
    components = model.fit_transform(embedded.astype(np.float64))
    share = float(model.explained_variance_ratio_.sum())
    return (components / components[:, 0].std()).astype(np.float32), share


def plane(components: Floats, *, seed: int) -> tuple[str, Doubles]:
    """Project scans to two dimensions.

    Parameters
    ----------
    components
        From `reduced`.
    seed
        Of t-SNE.

    Returns
    -------
    tuple
        How it was done: exact t-SNE (van der Maaten and Hinton 2008) that starts from the first two
        components, or, of fewer than `FEW` scans, these components themselves; and [scans, 2].
    """
    if len(components) < FEW or not components.any():
        flat = np.zeros((len(components), 2))
        flat[:, : components.shape[1]] = components[:, :2]
        return "two principal components", flat
    perplexity = min(PERPLEXITY, (len(components) - 1) / 3)
    model = TSNE(perplexity=perplexity, init="pca", method="exact", random_state=seed)
    return "t-SNE", np.asarray(model.fit_transform(components), np.float64)


def linear_probe(
    components: Floats, truth: pd.Series[Any], *, patients: pd.Series[Any], seed: int
) -> dict[str, Any]:
    """Return how well a linear probe predicts a name of each scan: its cross-validated AUC.

    The probe is a logistic regression on the components, fitted without the patients of one fold
    and tested on them. The AUC is the mean over folds; with more than two names also over each name
    against the others.

    Parameters
    ----------
    components
        From `reduced`.
    truth
        What is predicted: the site, or the class.
    patients
        Patient of each scan; all scans of a patient are in one fold.
    seed
        Of the folds.

    Returns
    -------
    dict
        auc, n_scans, n_patients, status ("ok" or "undefined") and reason.
    """
    names = sorted(truth.unique())
    held = {name: patients[truth == name].nunique() for name in names}
    counted = {"n_scans": len(truth), "n_patients": int(patients.nunique())}
    reason = None
    if len(names) < 2:
        reason = f"all scans have one name: {names[0]}" if names else "there are no scans"
    elif min(held.values()) < FOLDS:
        few = min(held, key=held.__getitem__)
        reason = f"too few patients: {few} has {held[few]}, {FOLDS} folds need {FOLDS}"
    if reason is not None:
        return {"auc": None, **counted, "status": "undefined", "reason": reason}
    areas = list(_areas(components, truth, patients, seed))
    if not areas:
        reason = "no fold has patients of two names on both sides"
        return {"auc": None, **counted, "status": "undefined", "reason": reason}
    return {"auc": round(float(np.mean(areas)), 4), **counted, "status": "ok", "reason": None}


def laid_out(
    rows: pd.DataFrame, features: Sequence[Floats], *, seed: int
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the embeddings of all sites in one plane, and linear probes of site and class.

    Parameters
    ----------
    rows
        site, scan_id, patient_id and label of each scan.
    features
        Embeddings of the scans of each site, in the order of the rows.
    seed
        Of the plane and of the folds.

    Returns
    -------
    tuple
        Rows of `explained.EMBEDDINGS`, and the entries of the record of an explained arm.
    """
    components, variance = reduced(np.concatenate(features))
    how, places = plane(components, seed=seed)
    patients = rows["site"] + "|" + rows["patient_id"]
    probes = {
        what: linear_probe(components, rows[column], patients=patients, seed=seed)
        for what, column in (("site", "site"), ("class", "label"))
    }
    frame = rows[["site", "scan_id", "label"]].assign(
        x=places[:, 0], y=places[:, 1], components=[*components]
    )
    return frame, {
        "features": features[0].shape[1],
        "components": components.shape[1],
        "variance": variance,
        "plane": how,
        "linear_probe": probes,
    }


def _areas(
    components: Floats, truth: pd.Series[Any], patients: pd.Series[Any], seed: int
) -> Iterator[float]:
    """Yield the AUC of each fold and name; folds where all or no scans have it are skipped."""
    names = sorted(truth.unique())
    folds = GroupKFold(FOLDS, shuffle=True, random_state=seed)
    for train, test in folds.split(components, groups=patients):
        for name in names[1:] if len(names) == 2 else names:
            hit = (truth == name).to_numpy()
            if any(hit[part].all() or not hit[part].any() for part in (train, test)):
                continue
            model = LogisticRegression(max_iter=1000).fit(components[train], hit[train])
            yield float(roc_auc_score(hit[test], model.decision_function(components[test])))
