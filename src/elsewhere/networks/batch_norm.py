"""batch_norm: batch normalisation for inputs of any dimension and for batches of a single value."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm


class BatchNorm(_BatchNorm):
    """Torch's batch normalisation, for any number of axes and for a single value per channel.

    A single value has no variance, so torch refuses it in training; here the running statistics
    normalise it.
    """

    def forward(self, images: Tensor) -> Tensor:
        """Normalise ``[batch, channels, ...]``; one value per channel by the running statistics."""
        if self.training and images[:, 0].numel() == 1:
            return F.batch_norm(
                images, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        normal: Tensor = super().forward(images)
        return normal

    def _check_input_dim(self, images: Tensor) -> None:
        """Accept any number of axes."""
