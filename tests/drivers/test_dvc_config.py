"""dvc_config: DVC's options as DVC itself reads and writes them."""

from pathlib import Path

import pytest
from dvc.config import Config
from dvc.repo import Repo

from elsewhere.drivers import dvc_config


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Repo.init(no_scm=True)
    return tmp_path


def test_a_later_file_goes_before_an_earlier_one_and_percent_signs_stay(repository: Path) -> None:
    (repository / ".dvc/config").write_text("[core]\n    remote = ours\n    autostage = true\n")
    (repository / ".dvc/config.local").write_text("[core]\n    remote = own%20name\n")
    found = dvc_config.read(dvc_config.CONFIG, dvc_config.OWN)
    assert dict(found["core"]) == {"remote": "own%20name", "autostage": "true"}
    assert Config(str(repository / ".dvc"))["core"]["remote"] == "own%20name"


def test_the_cache_is_where_dvc_has_it(repository: Path) -> None:
    assert dvc_config.cache_folder() == Path(".dvc/cache")
    dvc_config.run("config", "--local", "cache.dir", str(repository / "elsewhere"))
    assert dvc_config.cache_folder().resolve() == (repository / "elsewhere").resolve()
    with Repo(str(repository)) as repo:
        assert Path(repo.cache.local_cache_dir) == repository / "elsewhere"
