"""selection: the validation score that chooses the weights to keep (A-42; [AMB] B-27)."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]


def score(labels: Labels, probabilities: Doubles, *, by: Literal["accuracy", "auc"]) -> float:
    """Return the score of a network on validation scans; higher is better.

    Parameters
    ----------
    labels
        [scans], or [scans, findings]; below 0 where a scan has no label.
    probabilities
        [scans, classes], or [scans, findings].
    by
        "accuracy": share of labels that are the most probable class. "auc": with findings the
        mean over those for which both labels occur; with more than two classes the mean over
        classes of the AUC of each against the rest, without those that all scans or none have.

    Raises
    ------
    ValueError
        If nothing can be scored: no label is known, or for "auc" all are of one class.
    """
    if labels.ndim == 1 and probabilities.shape[1] > 2:
        if by == "accuracy" and len(labels):
            return float((probabilities.argmax(axis=1) == labels).mean())
        labels = (labels[:, None] == np.arange(probabilities.shape[1])).astype(np.int64)
    columns = labels.reshape(len(labels), -1)
    zeros, ones = (
        (probabilities[:, :1], probabilities[:, 1:])
        if labels.ndim == 1
        else (1 - probabilities, probabilities)
    )
    known = columns >= 0
    if by == "accuracy" and known.any():
        return float((((ones > zeros) == (columns == 1)) & known).sum() / known.sum())
    from sklearn.metrics import roc_auc_score  # takes 1 s to import; only the AUC needs it

    aucs = [
        roc_auc_score(column[known_rows], positive[known_rows])
        for column, positive, known_rows in zip(columns.T, ones.T, known.T, strict=True)
        if len(np.unique(column[known_rows])) == 2
    ]
    if by == "auc" and aucs:
        return float(np.mean(aucs))
    raise ValueError(
        f"select_by: {by} cannot be computed: the validation scans have "
        f"{'no label' if not known.any() else 'labels of one class only'}; raise `validation` in "
        "the study's split, or select by accuracy"
    )
