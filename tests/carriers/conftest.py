"""Federations of small real hospitals, made once."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from hospitals import Federation, InProcess


@pytest.fixture
def federation(tmp_path):
    """Return what makes hospitals and a coordinator's folder; keywords change the method's row."""

    def make(name="f", **changes):
        return Federation(tmp_path / name, changes)

    return make


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """Return an encrypted federation of three hospitals that is over."""
    made = Federation(tmp_path_factory.mktemp("finished"), {})
    made.serve(InProcess(made.members()))
    return made
