"""remotes: every remote verifies what it gives, unless the user said no."""

from pathlib import Path

import pytest
from dvc.config import Config
from dvc.repo import Repo

from elsewhere.drivers import remotes

CONFIG = """\
[core]
    analytics = false
['remote "ours"']
    url = /somewhere/ours
['remote "trusted"']
    url = /somewhere/trusted
    verify = false
['remote "here"']
    url = /somewhere/here
"""


def test_a_remote_verifies_unless_the_user_decided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Repo.init(no_scm=True)
    Path(".dvc/config").write_text(CONFIG)
    Path(".dvc/config.local").write_text("['remote \"here\"']\n    verify = false\n")
    assert remotes.verify() == ["ours"]
    found = Config.from_cwd()["remote"]
    assert {name: row["verify"] for name, row in found.items()} == {
        "ours": True,
        "trusted": False,
        "here": False,
    }
    assert remotes.verify() == []


def test_without_a_remote_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Repo.init(no_scm=True)
    before = Path(".dvc/config").read_bytes()
    assert remotes.verify() == []
    assert Path(".dvc/config").read_bytes() == before
