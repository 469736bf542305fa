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


def test_graphs_of_kernels_are_for_cuda(params: tables.Params) -> None:
    row = params.budgets["nguyen-demo"].training.model_dump()
    with pytest.raises(ValidationError, match="needs device: cuda; use none or compile"):
        Training.model_validate(row | {"compile": "cuda_graphs"})
    Training.model_validate(row | {"compile": "cuda_graphs", "device": "cuda"})


@pytest.mark.parametrize("change", [{"fused": True}, {"recompute": "cheap"}])
def test_a_compiler_is_not_told_what_to_fuse(params: tables.Params, change: dict[str, Any]) -> None:
    row = params.budgets["nguyen-demo"].training.model_dump()
    Training.model_validate(row | change)
    Training.model_validate(row | {"compile": "compile"})
    with pytest.raises(ValidationError, match="a compiler decides itself"):
        Training.model_validate(row | change | {"compile": "compile"})


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
    three = row.of_run(3, scans=9)
    assert (three.iterations, three.validate_every) == (3 * row.iterations, 3 * row.validate_every)
    assert three.of_run(3, scans=9) == three
    warm = row.model_copy(update={"warm_up": 5})
    assert warm.of_run(3, scans=9).warm_up == 15


def test_arms_of_any_size_train_for_equally_many_epochs_b39(params: tables.Params) -> None:
    """B-07, B-08: 161,035 and 80,657 training images, alone and together."""
    row = Training.model_validate(
        params.budgets["chestxray-paper"].training.model_dump() | {"warm_up": 10}
    )
    assert row.iterations_per == 161_035
    found = {}
    for images in (161_035, 80_657, 161_035 + 80_657):
        run = row.of_run(1 if images < 200_000 else 2, scans=images)
        found[images] = run.iterations * run.batch_size * run.accumulate / images
        assert run.of_run(1, scans=7) == run
        assert -(-run.iterations // run.validate_every) == row.iterations // row.validate_every
    assert {round(epochs, 2) for epochs in found.values()} == {6.36}


@pytest.mark.parametrize("scans", [1, 3, 10, 99, 101, 1000])
def test_the_warm_up_ends_before_the_training_whatever_the_number_of_scans(
    params: tables.Params, scans: int
) -> None:
    row = params.budgets["chestxray-paper"].training
    for iterations in range(2, 30):
        changed = {"iterations": iterations, "warm_up": iterations - 1, "iterations_per": 100}
        run = Training.model_validate(row.model_dump() | changed).of_run(2, scans=scans)
        assert 0 <= run.warm_up < run.iterations
        assert run.validate_every >= 1


def test_only_pooled_scans_can_all_be_seen_equally_often(params: tables.Params) -> None:
    row = params.budgets["chestxray-paper"].training.model_dump()
    with pytest.raises(ValidationError, match="use iterations_per: site"):
        Training.model_validate(row | {"sampling": "equal_per_site"})
