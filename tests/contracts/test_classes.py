"""More than two classes go through split, training, prediction and scores (C-02, C-13, C-25)."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from small_run import INPUT, NETWORK, run_all
from torch.nn import functional as F

from elsewhere.cohorts.view import view
from elsewhere.imaging import store
from elsewhere.networks import weights
from elsewhere.networks.network import build
from elsewhere.scores import predictions

CLASSES = ("healthy", "COVID-19", "other viral", "bacterial")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    root = tmp_path_factory.mktemp("classes")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        return root, run_all(root, [number % 4 for number in range(40)], CLASSES, by="auc")


def test_every_class_is_in_every_part_of_the_split(made: tuple[Path, dict[str, Any]]) -> None:
    rows = pd.read_csv(io.StringIO(made[1]["split"]))
    counts = rows.groupby(["label", "part"]).size().unstack()
    # 10 patients a class: 0.4 tested, 0.2 / 0.6 of the rest validate
    assert (counts == [4, 4, 2]).all(axis=None)
    assert list(counts.columns) == ["test", "train", "validation"]


def test_probabilities_are_the_softmax_of_the_network(made: tuple[Path, dict[str, Any]]) -> None:
    root, _ = made
    network = build(NETWORK, INPUT, outputs=4)
    weights.load(network, root / "model")
    rows, about = predictions.read(root / "predictions.parquet")
    assert predictions.classes(about) == predictions.findings(about) == CLASSES
    wide = rows.pivot(index="scan_id", columns="finding", values="probability_1")[[*CLASSES]]
    with torch.inference_mode():
        for scan, row in wide.iterrows():
            array = store.read(root / "arrays" / f"{scan}{store.SUFFIX}")
            image = view(INPUT).window(array, first=0)[None]
            expected = F.softmax(network.eval()(image, None).double(), dim=1)[0].numpy()
            np.testing.assert_allclose(row.to_numpy(), expected, rtol=1e-5)


def test_a_row_says_whether_the_scan_is_of_its_class(made: tuple[Path, dict[str, Any]]) -> None:
    root, _ = made
    rows, _ = predictions.read(root / "predictions.parquet")
    truth = pd.read_parquet(root / "index.parquet").set_index("scan_id")["label"]
    assert (
        rows["label"] == (rows["scan_id"].map(truth) == rows["finding"].map(CLASSES.index))
    ).all()
    np.testing.assert_allclose(rows["probability_0"] + rows["probability_1"], 1)
    assert len(rows) == 4 * (16 + 8)


def test_the_weights_are_chosen_by_the_mean_auc_over_classes(
    made: tuple[Path, dict[str, Any]],
) -> None:
    history = made[1]["history"]
    assert all(0 <= score <= 1 for score in history["selection_score"])
    assert len(history["selection_score"]) == 2


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"label": 1}, "a scan is of no class, or of several"),
        ({"probability_1": 0.9, "probability_0": 0.1}, "do not add up to 1"),
    ],
)
def test_predictions_of_classes_that_contradict_each_other_are_refused(
    made: tuple[Path, dict[str, Any]], tmp_path: Path, change: dict[str, Any], problem: str
) -> None:
    rows, about = predictions.read(made[0] / "predictions.parquet")
    first = rows.index[(rows["finding"] == "healthy") & (rows["label"] == 0)][:1]
    for name, value in change.items():
        rows.loc[first, name] = value
    with pytest.raises(predictions.PredictionsError, match=problem):
        predictions.write(rows, tmp_path / "p.parquet", metadata=about)


def test_a_class_that_is_missing_in_the_file_is_refused(
    made: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    rows, about = predictions.read(made[0] / "predictions.parquet")
    first = rows["scan_id"].iloc[0]
    fewer = rows[(rows["scan_id"] != first) | (rows["finding"] != "bacterial")]
    with pytest.raises(predictions.PredictionsError, match="not one row for each of 4 classes"):
        predictions.write(fewer, tmp_path / "p.parquet", metadata=about)
