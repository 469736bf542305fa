from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from elsewhere.design.job import Job
from elsewhere.figures.answer import LEFT_OUT, answer, basis
from elsewhere.figures.given import Given
from elsewhere.steps.figure import Settings


@pytest.fixture(scope="module")
def nguyen_study(
    study_of: Callable[..., tuple[Job, Settings]], tmp_path_factory: pytest.TempPathFactory
) -> Given:
    return Given(*study_of(tmp_path_factory.mktemp("answer")))


def test_models_are_compared_at_the_sites_where_some_were_trained_and_some_not(
    nguyen_study: Given,
) -> None:
    results, by_site = nguyen_study.results, []
    for column in results.columns:
        groups: dict[bool, list[float]] = {True: [], False: []}
        for row in results.rows:
            area = results.cell(row, column)["pooled"]["auc"]
            if area is not None:
                groups[results.own(row, column)].append(area)
        if all(groups.values()):
            by_site.append([np.mean(groups[own]) for own in (True, False)])
    own, elsewhere, lost, _ = answer(nguyen_study)
    first, second = np.mean(by_site, axis=0)
    assert own["number"] == f"{first:.2f}"
    assert elsewhere["number"] == f"{second:.2f}"
    assert lost["number"] == f"{first - second:.2f}"
    assert "within 3 of 4 test sites" in lost["words"]
    for item in (own, elsewhere, lost):
        low, high = map(float, item["interval"].split(" to "))
        assert low < float(item["number"]) < high


def test_what_the_numbers_rest_on_stands_beside_them(nguyen_study: Given) -> None:
    found = basis(nguyen_study)
    assert "CC-CCII: 426 patients, 852 scans, 37% positive" in found.tested
    assert "by Holm over" in found.shortcut
    gone = "MosMedData does not count in the difference: no model has an AUC there."
    assert found.left_out == [gone]


def test_no_model_counts_twice(
    study_of: Callable[..., tuple[Job, Settings]], tmp_path: Path, nguyen_study: Given
) -> None:
    """Arms chosen on test scans or with the models of another do not count, and it is said."""
    arms = ("single-a", "single-b", "joint", "joint-on-test", "contrastive", "contrastive-mean")
    found = answer(Given(*study_of(tmp_path, "contrastive", arms=arms)))
    assert "6 cells" in found[0]["words"], "two of single models, four of joint and contrastive"
    assert all(item["words"].endswith(LEFT_OUT) for item in found)
    assert not any(LEFT_OUT in item["words"] for item in answer(nguyen_study))
