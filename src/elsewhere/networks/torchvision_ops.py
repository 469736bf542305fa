"""torchvision_ops: let torchvision be imported beside a torch that its operators do not fit.

timm imports torchvision, for parts of it that need no compiled code. But the wheel on PyPI is built
for CUDA. Beside a torch for the CPU its library of operators does not load; torchvision goes on
without it, and then fails all the same, where it describes two of these operators to torch
("operator torchvision::nms does not exist"). So they are declared first: named, without code. What
computes with them still fails, with torchvision's own words; no network here does.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import torch

_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_DESCRIBED = ("nms", "qnms")  # torchvision/_meta_registrations.py
_declared: list[torch.library.Library] = []  # torch forgets a declaration that nobody keeps


def declare() -> None:
    """Declare the operators that importing torchvision asks for, if they cannot be loaded.

    Where torchvision fits, its own are loaded and nothing is declared; where there is none, or the
    operators are known already, nothing is done.
    """
    known = hasattr(torch.ops.torchvision, _DESCRIBED[0])
    spec = find_spec("torchvision")
    if known or spec is None or spec.origin is None or loaded(Path(spec.origin).parent):
        return
    library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for name in _DESCRIBED:
        library.define(name + _SCHEMA)  # type: ignore[no-untyped-call]
    _declared.append(library)


def loaded(folder: Path) -> bool:
    """Load the compiled operators of the torchvision in a folder; say whether that went well."""
    try:
        for path in sorted(folder.glob("_C*.so")) + sorted(folder.glob("_C*.pyd")):
            torch.ops.load_library(str(path))  # type: ignore[no-untyped-call]
            return True
    except OSError:  # built for another torch, or for CUDA where there is none
        return False
    return False
