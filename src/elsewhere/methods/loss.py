"""loss: what classification costs: one class a scan, or each finding on its own (A-34; B-27)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def classification(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean cross-entropy, of findings the mean binary one over the known labels.

    Parameters
    ----------
    logits
        ``[batch, 2]``, or ``[batch, findings]``; of any precision.
    labels
        ``[batch]`` of 0 and 1, or ``[batch, findings]`` of 0, 1 and, where there is none, less.

    Returns
    -------
    Tensor
        A scalar; 0 where no label is known.
    """
    if labels.ndim == 1:
        return F.cross_entropy(logits.float(), labels)
    known = labels >= 0
    if not known.any():
        return logits.float().sum() * 0
    return F.binary_cross_entropy_with_logits(logits.float()[known], labels[known].float())


def imitation(logits: Tensor, teacher: Tensor, labels: Tensor) -> Tensor:
    """Return the mean cross-entropy to a teacher's probabilities, of findings the binary one.

    Parameters
    ----------
    logits, teacher
        ``[batch, 2]``, or ``[batch, findings]``: logits of the pupil, and of the teacher, through
        which no gradient goes.
    labels
        As in `classification`; of findings a teacher says nothing where no label is known.
    """
    words = teacher.detach().float()
    if labels.ndim == 1:
        return F.cross_entropy(logits.float(), words.softmax(dim=1))
    known = labels >= 0
    if not known.any():
        return logits.float().sum() * 0
    said = torch.sigmoid(words[known])
    return F.binary_cross_entropy_with_logits(logits.float()[known], said)
