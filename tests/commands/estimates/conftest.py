"""The settings of the tests, at a scale, in a folder that holds nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from elsewhere.design.params import Params, load

TESTS = Path(__file__).parents[2]


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def at() -> Callable[[str], Params]:
    params = load(TESTS / "params")
    return lambda scale: params.model_copy(update={"scale": scale})
