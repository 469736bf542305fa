"""batch_norm: batch normalisation of anything, and of a single value."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm


class BatchNorm(_BatchNorm):
    """Torch's batch normalisation; it takes any extent, and a single value has no variance."""

    def forward(self, images: Tensor) -> Tensor:
        """Normalise ``[batch, channels, ...]``; a single value by the running statistics."""
        if self.training and images[:, 0].numel() == 1:
            return F.batch_norm(
                images, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        normal: Tensor = super().forward(images)
        return normal

    def _check_input_dim(self, images: Tensor) -> None:
        """Take any extent."""
