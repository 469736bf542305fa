"""cost_ledger: what each cell cost: hours of devices, wall time, estimated energy and latency."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

HOUR_S = 3600
# board power in W as makers state it; what a job draws is usually less
WATTS = {"B200": 1000, "H200": 700, "H100": 700, "A100": 400, "V100": 300, "L40": 300, "T4": 70}
OTHER_GPU, CPU = 300, 15  # W, assumed: of another GPU, and of one thread of a processor
COLUMNS = (
    *("arm", "site", "models_of", "runs", "device", "wall_hours", "gpu_hours", "cpu_hours"),
    *("energy_kwh_estimate", "energy_basis", "n_scans", "prediction_hours"),
    *("seconds_per_scan", "peak_memory_mb", "status", "reason"),
)
NO_RUN = "no training of this arm was recorded"


def row(
    training: Sequence[Mapping[str, Any]], prediction: Mapping[str, Any], *, models_of: str
) -> dict[str, Any]:
    """Return the columns of `COLUMNS` after arm and site.

    The training of an arm is one and the same in the rows of all sites: it must not be summed over
    them. Hours on a CPU are of jobs, whatever number of threads they had; the energy of one takes
    one thread and is too low where there were more.

    Parameters
    ----------
    training
        cost.json of each run of the models: ``wall_seconds``, ``device``, ``gpu_days``,
        ``peak_memory_mb``; without ``wall_seconds`` it was not run.
    prediction
        cost.json of the cell: ``seconds_per_prediction``, ``n_scans``.
    models_of
        Arm whose models these are.
    """
    ran = [cost for cost in training if cost.get("wall_seconds") is not None]
    latency, scans = prediction.get("seconds_per_prediction"), prediction.get("n_scans")
    whole = None if latency is None or scans is None else latency * scans / HOUR_S
    found = dict.fromkeys(COLUMNS[2:]) | {
        "models_of": models_of,
        "runs": len(ran),
        "n_scans": scans,
        "seconds_per_scan": latency,
        "prediction_hours": whole,
    }
    if not ran:
        return found | {"status": "not run", "reason": NO_RUN}
    return found | _trained(ran) | {"status": "ok"}


def watts(device: str) -> tuple[float, str]:
    """Return the power that is assumed of a device, in W, and in words what is assumed."""
    for name, power in WATTS.items():
        if re.search(rf"\b{name}", device):
            return power, f"{name}: {power} W, as its maker rates it"
    return OTHER_GPU, f"another GPU: {OTHER_GPU} W, assumed"


def _trained(ran: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    hours = [cost["wall_seconds"] / HOUR_S for cost in ran]
    on_gpu = [bool(cost.get("gpu_days")) for cost in ran]
    powers = [
        watts(str(cost.get("device"))) if gpu else (CPU, f"a CPU: {CPU} W for one thread, assumed")
        for cost, gpu in zip(ran, on_gpu, strict=True)
    ]
    bases = "; ".join(sorted({basis for _, basis in powers}))
    memory = [cost["peak_memory_mb"] for cost in ran if cost.get("peak_memory_mb") is not None]
    return {
        "device": ", ".join(sorted({str(cost.get("device") or "not recorded") for cost in ran})),
        "wall_hours": sum(hours),
        "gpu_hours": sum(24 * (cost.get("gpu_days") or 0.0) for cost in ran),
        "cpu_hours": sum(time for time, gpu in zip(hours, on_gpu, strict=True) if not gpu),
        "energy_kwh_estimate": sum(
            time * power / 1000 for time, (power, _) in zip(hours, powers, strict=True)
        ),
        "energy_basis": f"estimate, not measured; {bases}",
        "peak_memory_mb": max(memory, default=None),
    }
