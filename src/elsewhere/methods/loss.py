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
    return _over_known(logits.float(), labels.float(), labels >= 0)


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
    teacher_probabilities = torch.sigmoid(teacher_logits)
    if one_hot:
        teacher_probabilities = (teacher_probabilities >= 0.5).float()
    return _over_known(logits.float(), teacher_probabilities, labels >= 0)


def _over_known(logits: Tensor, targets: Tensor, known: Tensor) -> Tensor:
    """Return the mean binary cross-entropy where `known` is true, [batch, findings] each."""
    if logits.device.type != "cpu":
        return masked_mean(logits, targets, known)
    if not known.any():
        return logits.sum() * 0
    return F.binary_cross_entropy_with_logits(logits[known], targets[known])


def masked_mean(logits: Tensor, targets: Tensor, known: Tensor) -> Tensor:
    """Return the same in a form for which a CPU need not wait for a GPU.

    It adds in another order, so that its last digit can differ.
    """
    weight, targets = known.float(), torch.where(known, targets, 0.0)
    total = F.binary_cross_entropy_with_logits(logits, targets, weight, reduction="sum")
    return total / weight.sum().clamp(min=1)
