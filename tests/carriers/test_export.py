"""The folder of a finished federation is whole, or it is refused."""

import json
import os
import shutil

import pytest
from hospitals import SITES

from elsewhere.carriers import export
from elsewhere.federation import wire
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


def digested(folder):
    """Write the digests of a folder anew, as someone would who forges it."""
    digests = {
        path.relative_to(folder).as_posix(): wire.digest(path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and path.name != "digests.json"
    }
    (folder / "digests.json").write_text(json.dumps(digests))


@pytest.mark.parametrize("forged", ["link", "folder", "pipe", "more", "list", "less", "scores"])
def test_a_forged_folder_is_refused(folder, tmp_path, forged):
    """Its digests are right, but it would bring in other files of this machine, or junk."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/names.csv").write_text("x")
    if forged == "link":
        (folder / "run.json").unlink()
        (folder / "run.json").symlink_to(tmp_path / "secret/names.csv")
    if forged == "folder":
        (folder / "more").symlink_to(tmp_path / "secret")
    if forged == "more":
        (folder / "setup.py").write_text("print()")
    if forged == "less":
        (folder / "scores/west.json").unlink()
    if forged == "scores":
        (folder / "scores/west.json").write_text('{"parts": {"": {"status": "<b>ok</b>"}}}')
    digested(folder)
    if forged == "pipe":
        os.mkfifo(folder / "pipe")
    if forged == "list":
        (folder / "digests.json").write_text("[]")
    with pytest.raises(RefusedError):
        export.read(folder)


def test_what_hospitals_publish_is_taken(folder):
    scores = {s: json.loads((folder / f"scores/{s}.json").read_text()) for s in SITES}
    scores["west"] = {"status": "not run", "reason": "west was not in the last sum"}
    assert export.checked(scores, SITES) == scores


def part(**values):
    return {"north": {"site": "north", "parts": {"": {"status": "ok", **values}}}}


@pytest.mark.parametrize(
    "scores",
    [[], {"east": {}}, {"north": 3}, None, {"north": {}}, {"north": {"parts": []}},
     {"north": {"site": "south", "parts": {"": {"status": "ok"}}}},
     {"north": {"site": "north", "parts": {"": {"auc": 1.0}}}},
     part(auc=float("nan")), part(auc=1e300), part(auc=[0.5]), part(auc="=HYPERLINK(1)"),
     part(status="ok\nnext line"), part(status="=1"), part(reason="<script>"),
     part(reason="x" * 10_000), part(**{"\x1b[2J": 1.0}),
     {"north": {"status": "not run", "reason": "a\rb"}},
     {"north": {**part()["north"], "all_classes": {"status": {}}}}],
)  # fmt: skip
def test_scores_of_the_network_are_checked(scores):
    with pytest.raises(RefusedError):
        export.checked(scores, SITES)


@pytest.mark.parametrize("text", [b"{", b"\xff", b"[" * 100_000, b" " * 10**7])
def test_scores_that_are_no_json_are_refused(text):
    with pytest.raises(RefusedError, match="the scores"):
        export.table(text)
