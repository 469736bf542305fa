"""cost_ledger: every cell has its cost, models that are applied again that of their training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from elsewhere.design.job import Job
from elsewhere.figures.cost_ledger import MARKS
from elsewhere.scores.cost_ledger import COLUMNS

Texts = Callable[[Path], list[str]]


def test_every_cell_has_its_cost(drawn: Job, svg_texts: Texts) -> None:
    written = pd.read_csv(drawn.outputs["figures"] / "cost_ledger.csv")
    assert tuple(written.columns) == (*MARKS, *COLUMNS)
    assert len(written) == 3 * 4
    # every run of the study took 321.5 s on a CPU
    assert np.allclose(written["wall_hours"], 321.5 / 3600)
    assert np.allclose(written["cpu_hours"], written["wall_hours"])
    assert (written["gpu_hours"] == 0).all()
    assert (written["seconds_per_scan"] == 0.53).all()
    assert written["energy_basis"].str.contains("not measured").all()
    assert any("nothing was measured" in text for text in svg_texts(_svg(drawn)))


def test_models_applied_again_have_the_cost_of_their_training(drawn_absent: Job) -> None:
    written = pd.read_csv(drawn_absent.outputs["figures"] / "cost_ledger.csv")
    again = written[written["arm"] != written["models_of"]]
    assert set(again["arm"]) == {"contrastive-mean"}
    gone = written[written["status"] == "not run"]
    assert len(gone)
    assert gone["energy_kwh_estimate"].isna().all()


def _svg(job: Job) -> Path:
    return job.outputs["figures"] / "cost_ledger.svg"
