"""resolved: what a run of a study would use, every name replaced by what stands in its row."""

from __future__ import annotations

from typing import Any

import yaml

from elsewhere.design.graph import stages
from elsewhere.design.params import Params, ParamsError


def resolved(params: Params, name: str) -> str:
    """Return a study at the present scale as YAML: rows instead of names, and the number of jobs.

    Raises
    ------
    ParamsError
        If the study has no such scale.
    """
    study = params.studies[name]
    if params.scale not in study.scales:
        known = ", ".join(sorted(study.scales))
        raise ParamsError(f"study '{name}' has no scale '{params.scale}', it has {known}")
    scale = study.scales[params.scale]
    counts: dict[str, int] = {}
    for stage in stages(params.model_copy(update={"run": (name,)})).values():
        counts[stage.step] = counts.get(stage.step, 0) + 1
    networks = {arm.network for arm in study.arms.values()}
    value: dict[str, Any] = {
        "study": name,
        "scale": params.scale,
        **study.model_dump(mode="json", exclude={"scales"}),
        "sites": {
            site: {"row": row, **params.sites[row].model_dump(mode="json")}
            for site, row in scale.sites.items()
        },
        "inputs": {
            row: params.inputs[row].model_dump(mode="json")
            for row in dict.fromkeys(params.input_of(name, arm) for arm in study.arms)
        },
        "networks": {
            network: params.networks[scale.networks.get(network, network)].model_dump(mode="json")
            for network in sorted(networks)
        },
        "budget": {"row": scale.budget, **params.budgets[scale.budget].model_dump(mode="json")},
        "jobs": counts,
    }
    return yaml.safe_dump(value, sort_keys=False, width=100)
