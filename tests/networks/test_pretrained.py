"""pretrained: a file of weights is found, downloaded and read, or refused with a clear error."""

import hashlib

import huggingface_hub.constants
import pytest
import torch
from safetensors.torch import save_file

from elsewhere.design.networks.timm import Timm
from elsewhere.networks import pretrained

ROW = Timm(kind="timm", model="densenet121.tv_in1k", pretrained="hub", batch_norm_scale=True)
REPOSITORY = "timm/densenet121.tv_in1k"
COMMIT = "0123456789012345678901234567890123456789"
STATE = {"features.weight": torch.arange(3.0), "classifier.weight": torch.ones(2, 3)}


def in_file(path, **fields):
    return ROW.model_copy(update={"pretrained": str(path), **fields})


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_file(STATE, path)
    return path


@pytest.fixture
def offline(tmp_path, monkeypatch):
    """The hub cannot be reached; return the folder of its cache."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_file_is_found_and_identified_by_its_hash(weights):
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
    for row in (in_file(weights), in_file(weights, sha256=sha256)):
        assert pretrained.find(row, repository=None) == pretrained.WeightsFile(weights, sha256)


def test_another_file_than_was_meant_is_refused(weights):
    row = in_file(weights, sha256="0" * 64)
    with pytest.raises(ValueError, match=r"SHA-256 .*, expected 0{64} .*`sha256`"):
        pretrained.find(row, repository=None)


def test_a_file_that_is_not_there_is_named(tmp_path):
    row = in_file(tmp_path / "none.pth")
    with pytest.raises(ValueError, match=r"no file .*none\.pth.*`pretrained`.*densenet121"):
        pretrained.find(row, repository=None)


def test_what_the_hub_gave_once_is_taken_from_the_cache(offline):
    """In the layout of huggingface_hub."""
    folder = offline / f"models--{REPOSITORY.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs/main").write_text(COMMIT)
    (folder / "snapshots" / COMMIT).mkdir(parents=True)
    path = folder / "snapshots" / COMMIT / pretrained.HUB_FILE
    save_file(STATE, path)
    found = pretrained.find(ROW, repository=REPOSITORY)
    assert found.path == path
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_hub_that_cannot_be_reached_gives_an_error_with_a_remedy(offline):
    assert not offline.exists()
    with pytest.raises(
        ValueError, match=r"cannot be downloaded .*`pretrained: hub`.*write its path"
    ):
        pretrained.find(ROW, repository=REPOSITORY)


def test_a_model_without_weights_on_the_hub_is_an_error():
    with pytest.raises(ValueError, match=r"no weights for 'densenet121\.tv_in1k'.*none"):
        pretrained.find(ROW, repository=None)


@pytest.mark.parametrize("write", [save_file, torch.save])
@pytest.mark.parametrize("head", ["classifier", ("classifier", "classifier_dist")])
def test_the_head_is_left_out(tmp_path, write, head):
    path = tmp_path / ("weights.pth" if write is torch.save else "weights.safetensors")
    write(STATE, path)
    found = pretrained.read(path, head=head)
    assert list(found) == ["features.weight"]
    assert torch.equal(found["features.weight"], STATE["features.weight"])


def test_a_network_without_a_head_of_its_own_has_all_its_weights(weights):
    assert set(pretrained.read(weights, head=None)) == set(STATE)


@pytest.mark.parametrize("name", ["weights.safetensors", "weights.pth"])
def test_a_damaged_file_is_refused(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"no weights at all")
    with pytest.raises(ValueError, match=r"cannot be read as weights .*`pretrained`"):
        pretrained.read(path, head=None)


@pytest.mark.parametrize("state", [{}, {"classifier.weight": torch.ones(2)}, {"epoch": 3}])
def test_a_file_without_weights_is_refused(tmp_path, state):
    path = tmp_path / "weights.pth"
    torch.save(state, path)
    with pytest.raises(ValueError, match="holds no weights"):
        pretrained.read(path, head="classifier")


def test_nothing_in_a_file_is_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "written"), "w"))

    path = tmp_path / "weights.pth"
    torch.save({"features.weight": Evil()}, path)
    with pytest.raises(ValueError, match="cannot be read"):
        pretrained.read(path, head=None)
    assert not (tmp_path / "written").exists()
