import pytest

from elsewhere.scores.cost_ledger import CPU, row, watts

GPU = {"wall_seconds": 7200.0, "gpu_days": 2 / 24, "device": "NVIDIA H200", "peak_memory_mb": 9.0}
PROCESSOR = {"wall_seconds": 3600.0, "gpu_days": 0.0, "device": "AMD EPYC", "peak_memory_mb": 5.0}
PREDICTED = {"seconds_per_prediction": 0.5, "n_scans": 720}


def test_hours_and_energy_are_those_of_the_runs():
    found = row([GPU, GPU, PROCESSOR], PREDICTED, models_of="a")
    assert (found["wall_hours"], found["cpu_hours"]) == (5, 1)
    assert found["gpu_hours"] == pytest.approx(4)
    assert found["energy_kwh_estimate"] == pytest.approx((4 * 700 + 1 * CPU) / 1000)
    assert found["energy_basis"].startswith("estimate, not measured")
    assert found["prediction_hours"] == pytest.approx(0.1)
    assert found["peak_memory_mb"] == 9
    assert found["device"] == "AMD EPYC, NVIDIA H200"


def test_what_was_not_run_costs_nothing_known():
    found = row([{"status": "not run"}], {"status": "not run"}, models_of="a")
    assert (found["status"], found["runs"]) == ("not run", 0)
    assert found["energy_kwh_estimate"] is None
    assert found["seconds_per_scan"] is None


@pytest.mark.parametrize(
    ("device", "power"), [("NVIDIA A100-SXM4-80GB", 400), ("Tesla T4", 70), ("GeForce", 300)]
)
def test_power_is_that_of_the_board_or_an_assumption_that_says_so(device, power):
    found, basis = watts(device)
    assert found == power
    assert ("assumed" in basis) == (device == "GeForce")
