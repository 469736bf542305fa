"""selection: the number by which the weights of a run are chosen (A-42; [AMB] B-27)."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]


def score(labels: Labels, said: Doubles, *, by: Literal["accuracy", "auc"]) -> float:
    """Return how right a network is on validation scans: the higher the better.

    Parameters
    ----------
    labels
        [scans], or [scans, findings], below 0 where a scan has none.
    said
        Probabilities [scans, 2], or [scans, findings].
    by
        "accuracy": share of right labels, by the more probable class. "auc": of findings the
        mean over those that have both labels.

    Raises
    ------
    ValueError
        If nothing can be scored: no label is known, or for "auc" all are of one class.
    """
    columns = labels.reshape(len(labels), -1)
    zeros, ones = (said[:, :1], said[:, 1:]) if labels.ndim == 1 else (1 - said, said)
    known = columns >= 0
    if by == "accuracy" and known.any():
        return float((((ones > zeros) == (columns == 1)) & known).sum() / known.sum())
    from sklearn.metrics import roc_auc_score  # 1 s, which predictions and accuracy do not need

    aucs = [
        roc_auc_score(column[there], one[there])
        for column, one, there in zip(columns.T, ones.T, known.T, strict=True)
        if len(np.unique(column[there])) == 2
    ]
    if by == "auc" and aucs:
        return float(np.mean(aucs))
    raise ValueError(
        f"select_by: {by} has nothing to go by: the validation scans have "
        f"{'no label' if not known.any() else 'labels of one class only'}; raise `validation` in "
        "the study's split, or select by accuracy"
    )
