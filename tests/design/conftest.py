"""The settings of tests/params, as plain values that a test may change."""

import copy
import sys
from pathlib import Path

import pytest

from elsewhere.design import params as tables

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def settings() -> tables.Settings:
    """The same for all tests, which none may change."""
    return tables.read(ROOT / "tests/params")


@pytest.fixture
def values(settings: tables.Settings, monkeypatch: pytest.MonkeyPatch) -> tables.Settings:
    """Plain values of tests/params; the test works in the project's top folder."""
    monkeypatch.chdir(ROOT)
    return copy.deepcopy(settings)


@pytest.fixture
def params(values: tables.Settings) -> tables.Params:
    return tables.parse(values)


@pytest.fixture
def every_study(values: tables.Settings) -> tables.Params:
    """All studies in `run`: together they have every step."""
    return tables.parse(values | {"run": [*values["studies"]]})
