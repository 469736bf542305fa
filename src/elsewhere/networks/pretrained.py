"""pretrained: the file of weights with which the training of a timm network begins (B-27)."""

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
    """A file of weights, and the SHA-256 of what it holds."""

    path: Path
    sha256: str


def find(row: Timm, *, repository: str | None) -> WeightsFile:
    """Return the file that a row names, fetched if it lies on the hub.

    Parameters
    ----------
    row
        `pretrained` is "hub" or a path.
    repository
        Where timm says that the weights of the model lie on the Hugging Face hub; None: nowhere.

    Raises
    ------
    ValueError
        If there is no such file, or one with another hash than the row says.
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
            f"{path} has the SHA-256 {sha256}, expected {row.sha256} as {_place(row)} says; get "
            "that file, or change `sha256` if this one is meant"
        )
    return WeightsFile(path, sha256)


def read(path: Path, *, head: str | Sequence[str] | None) -> dict[str, Tensor]:
    """Return the weights of a file by name, those of the head left out.

    Parameters
    ----------
    path
        Safetensors, or what torch.save writes of weights; nothing else in it is run.
    head
        Name of the layer, or names of the layers, that made logits of ImageNet's classes.

    Raises
    ------
    ValueError
        If the file holds no weights.
    """
    torchvision_ops.declare()
    from timm.models import load_state_dict

    try:
        state = load_state_dict(str(path), weights_only=True)
    except Exception as error:  # each format fails in ways of its own
        raise ValueError(
            f"{path} cannot be read as weights ({shorten(str(error), 200)}); `pretrained` in "
            "networks takes .safetensors, or a .pth that holds tensors by name"
        ) from error
    heads = (head,) if isinstance(head, str) else tuple(head or ())
    left_out = tuple(f"{name}." for name in heads)
    found = {
        name: value
        for name, value in state.items()
        if isinstance(value, Tensor) and not name.startswith(left_out)
    }
    if not found:
        raise ValueError(
            f"{path} holds no weights; `pretrained` in networks takes .safetensors, or a .pth that "
            "holds tensors by name"
        )
    return found


def misfit(row: Timm, path: Path, reason: str) -> ValueError:
    """Return the error of weights that are not those of the row's model."""
    return ValueError(
        f"{path}: these weights do not fit timm's '{row.model}' with options {row.options}: "
        f"{shorten(reason, 300)}; name a file of this model as `pretrained` in {_place(row)}, or "
        "correct its `model`, `options` and `batch_norm_scale`"
    )


def _fetched(row: Timm, repository: str | None) -> Path:
    """Return the hub's file, from the cache of this machine if it is there."""
    if repository is None:
        raise ValueError(
            f"timm knows of no weights for '{row.model}' on the hub, which `pretrained: hub` asks "
            f"for in {_place(row)}; write none, the path of a file, or a model with weights"
        )
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(repository, HUB_FILE))
    except Exception as error:  # offline, refused, not there: they have no base in common
        raise ValueError(
            f"{HUB_FILE} of {repository} cannot be had from the Hugging Face hub "
            f"({shorten(str(error), 200)}), which `pretrained: hub` asks for in {_place(row)}; "
            "train where the hub can be reached, or copy the file here and write its path there"
        ) from error


def _place(row: Timm) -> str:
    return f"the row of networks with model '{row.model}'"
