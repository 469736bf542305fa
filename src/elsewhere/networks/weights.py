"""weights: save and load the weights of a network as safetensors."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from elsewhere.files import whole


def save(network: nn.Module, path: Path) -> None:
    """Write all parameters and buffers; equal weights give equal bytes."""
    state = network.state_dict()
    with whole(path) as part:
        save_file({name: state[name].detach().cpu().contiguous() for name in sorted(state)}, part)


def save_none(path: Path) -> None:
    """Write a valid file without tensors, for a run that could not be made."""
    with whole(path) as part:
        save_file({}, part)


def load(network: nn.Module, path: Path) -> None:
    """Read weights into a network of the same shape.

    Raises
    ------
    ValueError
        If names or shapes in the file differ from those of the network, the file is cut off, or it
        holds none because the run was not made.
    """
    try:
        state = load_file(path)
    except SafetensorError as error:
        raise ValueError(
            f"{path}: is no whole file of weights, it was cut off or damaged ({error}); delete it "
            "and train again, or fetch it again (`dvc pull`)"
        ) from None
    if not state:
        raise ValueError(f"{path}: holds no weights, this run was not made; see run.json beside it")
    expected = {name: _shape(tensor) for name, tensor in network.state_dict().items()}
    got = {name: _shape(tensor) for name, tensor in state.items()}
    wrong = sorted(name for name in expected | got if expected.get(name) != got.get(name))
    if wrong:
        name = wrong[0]
        raise ValueError(
            f"{path}: {len(wrong)} tensors do not fit this network, first '{name}': got "
            f"{got.get(name)}, expected {expected.get(name)}; train again, or use the network row "
            "and input row of this run"
        )
    network.load_state_dict(state)


def _shape(tensor: torch.Tensor) -> tuple[int, ...]:
    return tuple(tensor.shape)
