"""torchvision_ops: torchvision can be imported with any torch."""

from pathlib import Path

import pytest
import torch

from elsewhere.networks import torchvision_ops

BOXES = torch.tensor([[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 1.9], [5.0, 5.0, 6.0, 6.0]])
SCORES = torch.tensor([0.9, 0.8, 0.7])


def test_torchvision_can_be_imported():
    """Its operators compute if they are its own; ours only have names, and say so."""
    torchvision_ops.declare()
    import torchvision

    assert hasattr(torch.ops.torchvision, "nms")
    if torchvision.extension._has_ops():
        assert torchvision.ops.nms(BOXES, SCORES, 0.5).tolist() == [0, 2]
    else:
        with pytest.raises(RuntimeError, match="custom C\\+\\+ ops"):
            torchvision.ops.nms(BOXES, SCORES, 0.5)


def test_declaring_twice_is_declaring_once():
    torchvision_ops.declare()
    before = list(torchvision_ops._declared)
    torchvision_ops.declare()
    assert torchvision_ops._declared == before


def test_loading_reports_whether_the_library_loads(tmp_path):
    assert not torchvision_ops.loaded(tmp_path)
    library = tmp_path / "_C.so"
    library.write_bytes(b"no library")
    assert not torchvision_ops.loaded(tmp_path)
    library.unlink()
    library.symlink_to(next((Path(torch.__file__).parent / "lib").glob("libtorch_global_deps.*")))
    assert torchvision_ops.loaded(tmp_path)
