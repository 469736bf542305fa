"""budgets: rows of training and prediction are complete and consistent."""

from typing import Any

import pytest
from pydantic import ValidationError

from elsewhere.design import params as tables
from elsewhere.design.budgets import OnDevice, Training

DEVICE = {"device": "cuda", "precision": "bf16", "batch_size": 1, "threads": 1}


@pytest.mark.parametrize(
    "change", [{}, {"precision": "fp32"}, {"device": "cpu", "precision": "fp32"}]
)
def test_devices_and_their_precisions(change: dict[str, Any]) -> None:
    assert OnDevice.model_validate(DEVICE | change).batch_size == 1


def test_half_precision_on_a_cpu_is_refused() -> None:
    with pytest.raises(ValidationError, match="needs device: cuda"):
        OnDevice.model_validate(DEVICE | {"device": "cpu"})


@pytest.mark.parametrize(
    ("schedule", "decay"), [("inverse_time", None), ("constant", 1e-5), ("cosine", 0.1)]
)
def test_a_decay_goes_with_the_schedule_that_has_one(
    params: tables.Params, schedule: str, decay: float | None
) -> None:
    row = params.budgets["nguyen-demo"].training.model_dump()
    with pytest.raises(ValidationError, match="inverse_time needs a decay"):
        Training.model_validate(row | {"schedule": schedule, "decay": decay})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"optimizer": "sgd"}, "sgd needs a momentum"),
        ({"momentum": 0.9}, "adam has none"),
        ({"warm_up": 600}, "there are 600 iterations"),
        ({"class_weights": [1.0]}, "at least 2"),
        ({"class_weights": [1.0, 0.0]}, "greater than 0"),
    ],
)
def test_settings_of_c15_that_cannot_be_used(
    params: tables.Params, change: dict[str, Any], sentence: str
) -> None:
    row = params.budgets["nguyen-demo"].training.model_dump()
    with pytest.raises(ValidationError, match=sentence):
        Training.model_validate(row | change)


def test_counts_are_those_of_a_run_or_of_each_of_its_sites(params: tables.Params) -> None:
    """D-16: a site's scans are seen as often alone as among others."""
    row = params.budgets["contrastive-demo"].training
    assert row.iterations_per == "site"
    three = row.of_run(3)
    assert (three.iterations, three.validate_every) == (3 * row.iterations, 3 * row.validate_every)
    assert three.of_run(3) == three
    warm = row.model_copy(update={"warm_up": 5})
    assert warm.of_run(3).warm_up == 15
