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


def test_a_remote_of_this_user_alone_verifies_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Repo.init(no_scm=True)
    shared = Path(".dvc/config").read_bytes()
    Path(".dvc/config.local").write_text("['remote \"mine\"']\n    url = ssh://host/a%20b\n")
    assert remotes.verify() == ["mine"]
    assert Config.from_cwd()["remote"]["mine"]["verify"] is True
    assert Path(".dvc/config").read_bytes() == shared
    assert remotes.verify() == []


def test_the_default_remote_may_be_this_users_choice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Repo.init(no_scm=True)
    assert remotes.default() is None
    Path(".dvc/config").write_text(CONFIG)
    assert remotes.default() is None
    Path(".dvc/config").write_text(CONFIG.replace("[core]", "[core]\n    remote = ours"))
    assert remotes.default() == "ours"
    Path(".dvc/config.local").write_text("[core]\n    remote = here\n")
    assert remotes.default() == "here"
    assert remotes.default() == Config.from_cwd()["core"]["remote"]
