"""A checkout in a temporary folder: the project's params and sources, nothing run yet."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that the test works in, with params.yaml and src."""
    top = tmp_path / "checkout"
    top.mkdir()
    for name in ("params.yaml", ".dvcignore"):
        shutil.copy(ROOT / name, top)
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src/elsewhere", top / "src/elsewhere", ignore=skip)
    monkeypatch.chdir(top)
    return top
