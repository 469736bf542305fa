"""The folder of a finished federation is whole, or it is refused."""

import shutil

import pytest
from hospitals import SITES

from elsewhere.carriers import export
from elsewhere.federation.wire import RefusedError


@pytest.fixture
def folder(finished, tmp_path):
    return shutil.copytree(finished.home("north") / "export", tmp_path / "export")


def test_it_says_what_was_agreed(finished, folder):
    assert export.read(folder) == finished.agreement


@pytest.mark.parametrize("damage", ["changed", "added", "removed", "none"])
def test_a_changed_folder_is_refused(folder, damage):
    if damage == "changed":
        path = folder / "model.safetensors"
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    if damage == "added":
        (folder / "scores/east.json").write_text("{}")
    if damage == "removed":
        (folder / "ledger.csv").unlink()
    if damage == "none":
        (folder / "digests.json").unlink()
    with pytest.raises(RefusedError):
        export.read(folder)


@pytest.mark.parametrize("scores", [[], {"east": {}}, {"north": 3}, None])
def test_scores_of_the_network_are_checked(scores):
    with pytest.raises(RefusedError):
        export.checked(scores, SITES)
