"""timm: image networks of the timm library with one dense layer as their head (B-24 to B-26)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from elsewhere.design.networks.timm import Timm
from elsewhere.design.rows import InputRow
from elsewhere.networks import pretrained, torchvision_ops
from elsewhere.networks.network import Network
from elsewhere.networks.shapes import stand_in


class TimmNetwork(Network):
    """Any image classifier that timm can make: features, their global average, a dense layer.

    Weights start as timm initialises them. `load_pretrained` loads those of ImageNet, so that a
    network which is only described, or applied with the weights of a run, needs no file.

    Parameters
    ----------
    row
        The row of `networks`.
    input_row
        The row of `inputs`, an image of 1 or 3 channels.
    outputs
        Number of logits.
    """

    def __init__(self, row: Timm, input_row: InputRow, *, outputs: int = 2) -> None:
        super().__init__()
        if len(input_row.shape) != 3:
            raise ValueError(f"timm takes an image input, got kind '{input_row.kind}'")
        self.row = row
        self.channels = input_row.shape[0]
        self.model = create_model(row, channels=self.channels)
        if not row.batch_norm_scale:
            _fix_scales(self.model)
        self.features = _feature_length(self.model, row, input_row)
        self.classifier = nn.Linear(self.features, outputs)

    def embed(self, images: Tensor, site: str | None) -> Tensor:
        """Return the globally averaged features, ``[batch, features]`` (B-24)."""
        del site
        features: Tensor = self.model(images)
        return features

    def blocks(self) -> list[nn.Module]:
        """Return the parts of the model that hold several convolutions, such as dense blocks."""
        return _blocks(getattr(self.model, "features", self.model))

    def load_pretrained(self) -> str | None:
        """Load the weights that the row names, all but those of the head (B-27).

        Returns
        -------
        str or None
            SHA-256 of the file; None if the row names none.

        Raises
        ------
        ValueError
            If the file is not available or does not fit.
        """
        if self.row.pretrained == "none":
            return None
        published: dict[str, Any] = self.model.pretrained_cfg  # type: ignore[assignment]
        file = pretrained.find(self.row, repository=published.get("hf_hub_id"))
        weights = pretrained.read(file.path, head=published.get("classifier"))
        # this model's initial weights are discarded: drawing them must not advance the generator
        with torch.random.fork_rng(devices=[]):
            try:
                pretrained_model = create_model(self.row, channels=self.channels, weights=weights)
            except RuntimeError as error:
                raise pretrained.misfit(self.row, file.path, str(error)) from None
        state = pretrained_model.state_dict()
        if not self.row.batch_norm_scale:
            for name, _ in _scaled_norms(pretrained_model):
                if not bool((state.pop(f"{name}.weight") == 1).all()):
                    reason = f"{name}.weight is not 1, as `batch_norm_scale: false` requires"
                    raise pretrained.misfit(self.row, file.path, reason)
        self.model.load_state_dict(state)
        return file.sha256


def _blocks(holder: nn.Module) -> list[nn.Module]:
    """Return the children with several convolutions; of a plain sequence its own children."""
    found: list[nn.Module] = []
    for child in holder.children():
        inner = _blocks(child) if type(child) is nn.Sequential else []
        several = sum(isinstance(layer, _ConvNd) for layer in child.modules()) > 1
        found += inner or ([child] if several else [])
    return found


def create_model(
    row: Timm, *, channels: int, weights: Mapping[str, Tensor] | None = None
) -> nn.Module:
    """Return a timm model that ends in its global average pooling.

    Parameters
    ----------
    row
        Model and options.
    channels
        Channels of the images. For one channel the weights of three are summed.
    weights
        Pretrained weights without those of the head, by timm's names or by torchvision's where
        timm knows these.

    Raises
    ------
    ValueError
        If timm knows no such model or options.
    RuntimeError
        If the weights do not fit.
    """
    torchvision_ops.declare()
    import timm

    overlay = {"state_dict": weights, "num_classes": 0, "label_offset": None}
    try:
        model: nn.Module = timm.create_model(
            row.model,
            pretrained=weights is not None,
            pretrained_cfg_overlay=None if weights is None else overlay,
            num_classes=0,
            in_chans=channels,
            global_pool="avg",
            **row.options,
        )
    except (RuntimeError, TypeError) as error:
        if weights is not None:
            raise
        raise ValueError(
            f"timm cannot make '{row.model}' with options {row.options} ({error}); correct `model` "
            "and `options` of this row of networks, timm.list_models() lists the names"
        ) from error
    return model


def _scaled_norms(model: nn.Module) -> list[tuple[str, _BatchNorm]]:
    """Return the batch normalisations that have a gamma, with their names."""
    norms = [
        (name, module) for name, module in model.named_modules() if isinstance(module, _BatchNorm)
    ]
    return [(name, module) for name, module in norms if module.affine]


def _fix_scales(model: nn.Module) -> None:
    """Set each gamma to a constant 1 that is neither trained nor saved (B-26)."""
    for _, norm in _scaled_norms(model):
        ones = torch.ones_like(norm.weight)
        del norm.weight
        norm.register_buffer("weight", ones, persistent=False)


def _feature_length(model: nn.Module, row: Timm, input_row: InputRow) -> int:
    """Return the number of pooled features, from one forward pass.

    Raises
    ------
    ValueError
        If the images are too small for the model, or its output is not one row of features.
    """
    _, side, _ = input_row.shape
    shapes_only, image = stand_in(model, input_row.shape)
    try:
        with torch.no_grad():
            features = shapes_only(image)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"timm's '{row.model}' cannot see images of {side} x {side} ({error}); choose an input "
            "with another `matrix`, or another network"
        ) from error
    if features.ndim != 2 or features.shape[1] == 0:
        raise ValueError(
            f"timm's '{row.model}' ends in {tuple(features.shape)}, expected [1, features]; choose "
            "another model"
        )
    return int(features.shape[1])
