"""weights: saved and loaded weights are equal; a file that does not fit is refused."""

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from elsewhere.networks import weights


def test_round_trip_and_equal_bytes(tmp_path):
    layers = nn.Sequential(nn.Conv3d(1, 2, 3), nn.BatchNorm3d(2))
    layers[0].to(memory_format=torch.channels_last_3d)
    weights.save(layers, tmp_path / "a.safetensors")
    other = nn.Sequential(nn.Conv3d(1, 2, 3), nn.BatchNorm3d(2))
    weights.load(other, tmp_path / "a.safetensors")
    weights.save(other, tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    for name, tensor in layers.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name])


def test_other_shape_is_named(tmp_path):
    weights.save(nn.Linear(3, 2), tmp_path / "a.safetensors")
    with pytest.raises(ValueError, match=r"first 'weight': got \(2, 3\), expected \(2, 4\)"):
        weights.load(nn.Linear(4, 2), tmp_path / "a.safetensors")


def test_a_run_that_was_not_made(tmp_path):
    weights.save_none(tmp_path / "a.safetensors")
    assert load_file(tmp_path / "a.safetensors") == {}
    with pytest.raises(ValueError, match="holds no weights"):
        weights.load(nn.Linear(3, 2), tmp_path / "a.safetensors")


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.999])
def test_a_file_that_was_cut_is_named(tmp_path, share):
    path = tmp_path / "model.safetensors"
    weights.save(nn.Linear(300, 2), path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(ValueError, match="cut off or damaged") as caught:
        weights.load(nn.Linear(300, 2), path)
    assert str(path) in str(caught.value)
