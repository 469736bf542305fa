"""Processes of a federation over Flower, whose environment `make federation-env` makes."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from running import PYTHON


@pytest.fixture(scope="session")
def flower():
    """Ask for the environment with Flower."""
    if not PYTHON.exists():
        how = "`make federation-env`"
        if os.environ.get("ELSEWHERE_FLOWER") == "required":
            pytest.fail(f"the environment with Flower is missing: {how}")
        pytest.skip(f"there is no environment with Flower here: {how}")
