"""torchvision_ops: make torchvision importable when its compiled operators do not fit torch.

timm imports torchvision, but only parts that need no compiled code. The torchvision wheel on PyPI
is built for CUDA. With a CPU build of torch its operator library does not load. torchvision ignores
that, but its import fails later, when it describes two of these operators to torch ("operator
torchvision::nms does not exist"). `declare` therefore declares the two operators first, by name and
without code. Code that calls them still fails with torchvision's own message; no network here calls
them.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import torch

_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_DESCRIBED = ("nms", "qnms")  # torchvision/_meta_registrations.py
_declared: list[torch.library.Library] = []  # a declaration lasts as long as its Library object


def declare() -> None:
    """Declare the operators that importing torchvision needs, if they cannot be loaded.

    If torchvision fits torch, its own operators are loaded and nothing is declared. If torchvision
    is not installed, or the operators are known already, nothing is done.
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
    """Load torchvision's compiled operators from its folder; return whether that succeeded."""
    try:
        for path in sorted(folder.glob("_C*.so")) + sorted(folder.glob("_C*.pyd")):
            torch.ops.load_library(str(path))  # type: ignore[no-untyped-call]
            return True
    except OSError:  # built for another torch, or for CUDA where there is none
        return False
    return False
