"""loss: losses for one label per scan (A-34; C-15) or for several findings (B-27)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def classification(
    logits: Tensor, labels: Tensor, *, class_weights: Tensor | None = None
) -> Tensor:
    """Return the mean cross-entropy; with findings the mean binary one over the known labels.

    Parameters
    ----------
    logits
        ``[batch, classes]``, or ``[batch, findings]``; of any precision.
    labels
        ``[batch]``, the position of each scan's class, or ``[batch, findings]`` of 0, 1 and, where
        there is no label, a negative number.
    class_weights
        ``[classes]``: the mean is weighted by the weight of each scan's class (C-15); None: all
        scans count alike. Findings have none.

    Returns
    -------
    Tensor
        A scalar; 0 if no label is known.
    """
    if labels.ndim == 1:
        return F.cross_entropy(logits.float(), labels, weight=class_weights)
    known = labels >= 0
    if not known.any():
        return logits.float().sum() * 0
    return F.binary_cross_entropy_with_logits(logits.float()[known], labels[known].float())


def imitation(logits: Tensor, teacher: Tensor, labels: Tensor, *, one_hot: bool = False) -> Tensor:
    """Return the mean cross-entropy to a teacher's probabilities (binary with findings).

    This is the soft loss of knowledge distillation.

    Parameters
    ----------
    logits, teacher
        Logits of the student and of the teacher, ``[batch, classes]`` or ``[batch, findings]``.
        No gradient flows to the teacher.
    labels
        As in `classification`; findings without a known label are left out.
    one_hot
        The teacher's probabilities are 1 for what it calls, and 0 for all else.
    """
    teacher_logits = teacher.detach().float()
    if labels.ndim == 1:
        called = teacher_logits.argmax(dim=1)
        return F.cross_entropy(logits.float(), called if one_hot else teacher_logits.softmax(dim=1))
    known = labels >= 0
    if not known.any():
        return logits.float().sum() * 0
    teacher_probabilities = torch.sigmoid(teacher_logits[known])
    if one_hot:
        teacher_probabilities = (teacher_probabilities >= 0.5).float()
    return F.binary_cross_entropy_with_logits(logits.float()[known], teacher_probabilities)
