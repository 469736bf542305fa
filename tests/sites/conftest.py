import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def real() -> Callable[[str], Path]:
    """Return the folder of a real data set below $ELSEWHERE_REAL_DATA."""
    top = os.environ.get("ELSEWHERE_REAL_DATA")
    if not top:
        pytest.skip("ELSEWHERE_REAL_DATA does not name a folder of real images")
    return Path(top).joinpath
