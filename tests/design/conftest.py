"""The project's own params.yaml, as plain values that a test may change."""

from pathlib import Path
from typing import Any

import pytest

from elsewhere.design import params as tables

ROOT = Path(__file__).parents[2]


@pytest.fixture
def values(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Plain values of params.yaml, read in the project's top folder."""
    monkeypatch.chdir(ROOT)
    return tables.read()


@pytest.fixture
def params(values: dict[str, Any]) -> tables.Params:
    return tables.parse(values)
