"""Invented predictions in the published table layout."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

# import mode importlib does not find modules beside the tests
sys.path.insert(0, str(Path(__file__).parent))

Maker = Callable[..., pd.DataFrame]


def predicted(labels: Any, scores: Any, *, part: str = "test", **options: Any) -> pd.DataFrame:
    """Rows of one run; options: fold, seed, patients, passes [n, k], prefix of the scan ids."""
    n = len(labels)
    scores = np.asarray(scores, dtype=np.float64)
    prefix = options.get("prefix", part[0])
    scans = [f"{prefix}{number:04d}" for number in range(n)]
    passes = options.get("passes", np.empty((n, 0)))
    return pd.DataFrame(
        {
            "scan_id": scans,
            "patient_id": options.get("patients", [f"p{scan}" for scan in scans]),
            "finding": options.get("finding", ""),
            "label": np.asarray(labels, dtype=np.int64),
            "fold": options.get("fold", 0),
            "seed": options.get("seed", 0),
            "part": part,
            "probability_0": 1 - scores,
            "probability_1": scores,
            "window_start": 0,
            "mc_probability": [list(map(float, row)) for row in passes],
        }
    )


@pytest.fixture
def rows() -> Maker:
    return predicted


@pytest.fixture
def dice() -> np.random.Generator:
    return np.random.default_rng(51)
