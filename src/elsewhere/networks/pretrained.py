"""pretrained: find, check and read the file of pretrained weights of a timm network (B-27)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten

from torch import Tensor

from elsewhere.design.networks.timm import Timm
from elsewhere.networks import torchvision_ops

HUB_FILE = "model.safetensors"


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights and the SHA-256 of its content."""

    path: Path
    sha256: str


def find(row: Timm, *, repository: str | None) -> WeightsFile:
    """Return the file of weights that a row names; download it if it is on the hub.

    Parameters
    ----------
    row
        `pretrained` is "hub" or a path.
    repository
        Repository of the model's weights on the Hugging Face hub, as timm gives it; None: timm
        gives none.

    Raises
    ------
    ValueError
        If there is no such file, or its hash is not the one in the row.
    """
    path = _fetched(row, repository) if row.pretrained == "hub" else Path(row.pretrained)
    if not path.is_file():
        raise ValueError(
            f"there is no file {path}, which `pretrained` names in {_place(row)}; put the weights "
            "there, name another file, or write hub or none"
        )
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    if row.sha256 not in (None, sha256):
        raise ValueError(
            f"{path} has the SHA-256 {sha256}, expected {row.sha256} as in {_place(row)}; get "
            "that file, or change `sha256` if this one is correct"
        )
    return WeightsFile(path, sha256)


def read(path: Path, *, head: str | Sequence[str] | None) -> dict[str, Tensor]:
    """Return the weights of a file by name, without those of the head.

    Parameters
    ----------
    path
        Safetensors, or a file of torch.save; only tensors are loaded from it, no code runs.
    head
        Name or names of the layers that computed the logits of ImageNet's classes.

    Raises
    ------
    ValueError
        If the file holds no weights.
    """
    torchvision_ops.declare()
    from timm.models import load_state_dict

    try:
        state = load_state_dict(str(path), weights_only=True)
    except Exception as error:  # each format raises its own errors
        raise ValueError(
            f"{path} cannot be read as weights ({shorten(str(error), 200)}); `pretrained` in "
            "networks takes .safetensors, or a .pth that holds tensors by name"
        ) from error
    heads = (head,) if isinstance(head, str) else tuple(head or ())
    left_out = tuple(f"{name}." for name in heads)
    weights = {
        name: value
        for name, value in state.items()
        if isinstance(value, Tensor) and not name.startswith(left_out)
    }
    if not weights:
        raise ValueError(
            f"{path} holds no weights; `pretrained` in networks takes .safetensors, or a .pth that "
            "holds tensors by name"
        )
    return weights


def misfit(row: Timm, path: Path, reason: str) -> ValueError:
    """Return the error to raise when weights do not fit the row's model."""
    return ValueError(
        f"{path}: these weights do not fit timm's '{row.model}' with options {row.options}: "
        f"{shorten(reason, 300)}; name a file of this model as `pretrained` in {_place(row)}, or "
        "correct its `model`, `options` and `batch_norm_scale`"
    )


def _fetched(row: Timm, repository: str | None) -> Path:
    """Return the file from the hub, or from this machine's cache of it."""
    if repository is None:
        raise ValueError(
            f"timm knows no weights for '{row.model}' on the hub, but `pretrained` is hub in "
            f"{_place(row)}; write none, the path of a file, or choose a model with weights"
        )
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(repository, HUB_FILE))
    except Exception as error:  # offline, refused, not found: these errors share no base class
        raise ValueError(
            f"{HUB_FILE} of {repository} cannot be downloaded from the Hugging Face hub "
            f"({shorten(str(error), 200)}); {_place(row)} has `pretrained: hub`: "
            "train where the hub can be reached, or copy the file here and write its path there"
        ) from error


def _place(row: Timm) -> str:
    return f"the row of networks with model '{row.model}'"
