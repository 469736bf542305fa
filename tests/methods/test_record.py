"""record: the history, record and cost of a run."""

import math

import pytest

from elsewhere.methods import record
from elsewhere.methods.fit import Fitted, Validation


@pytest.mark.parametrize(("size", "printed"), [(243, 1_029), (3_001, 83), (616, 406)])
def test_epochs_a40(training, size, printed):
    row = training.model_copy(update={"iterations": 250_000, "batch_size": 1})
    assert round(record.epochs({"site": size}, row)["site"]) == printed


def test_epochs_when_smaller_sites_are_reloaded_d05(training):
    row = training.model_copy(
        update={"iterations": 100, "batch_size": 32, "sampling": "equal_per_site"}
    )
    found = record.epochs({"a": 1600, "b": 400}, row)
    assert found == {"a": 1.0, "b": 4.0}


def test_pooled_sites_have_the_same_epochs(training):
    found = record.epochs({"a": 30, "b": 10}, training.model_copy(update={"iterations": 20}))
    assert found == {"a": 2.0, "b": 2.0}


def test_gpu_days_a49(training):
    best = Validation(1, 0.1, 0.5, 0.5)
    fitted = Fitted(None, (best,), best, seconds=5 * 86_400, peak_memory_mb=1.0, device="V100")
    cuda = training.model_copy(update={"device": "cuda"})
    assert 9 * record.cost(fitted, cuda)["gpu_days"] == 45
    assert record.cost(fitted, training)["gpu_days"] == 0


def test_json_is_sorted_and_has_no_nan(tmp_path):
    record.write_json({"b": 1, "a": None}, tmp_path / "a.json")
    assert (tmp_path / "a.json").read_text() == '{\n  "a": null,\n  "b": 1\n}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        record.write_json({"a": math.nan}, tmp_path / "b.json")
    assert not (tmp_path / "b.json").exists()


def test_where_the_method_counts_its_steps_itself_they_are_reported(training):
    best = Validation(1, 0.1, 0.5, 0.5)
    fitted = Fitted(
        None, (best,), best, seconds=2.0, peak_memory_mb=1.0, device="x", iterations=30,
        epochs={"a": 3.0}, rounds=({"round": 1},),
    )  # fmt: skip
    assert record.cost(fitted, training)["iterations_per_second"] == 15
    assert record.scans({}, {}, training, fitted=fitted)["epochs"] == {"a": 3.0}
