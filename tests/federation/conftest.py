"""Federations of hospitals that train in numpy."""

import sys
from pathlib import Path

import pytest

from elsewhere.federation.terms import Plan, Terms

sys.path.insert(0, str(Path(__file__).parent))

from numpy_federation import SITES, TERMS, Federation


@pytest.fixture
def federation(tmp_path):
    def make(rounds=3, sites=SITES, absent=None, name="federation", **terms):
        changed = Terms(**(vars(TERMS) | terms))
        return Federation(tmp_path / name, Plan(sites, rounds, absent or {}), changed)

    return make
