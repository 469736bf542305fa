"""train_stages: the stages that train: what a run of an arm reads, and where its settings stand."""

from __future__ import annotations

from elsewhere.design import paths, scan_stages
from elsewhere.design.params import Params
from elsewhere.design.stage import Paths, Stage, by_name


def runs(params: Params, study: str) -> list[str]:
    """Return ``<fold>-<seed>`` of each model of an arm."""
    folds = range(params.split_of(study).folds)
    return [f"{fold}-{seed}" for fold in folds for seed in params.scale_of(study).seeds]


def runs_of(params: Params, study: str, arm: str) -> list[str]:
    """Return the runs of an arm that has models: all, or the first if hospitals trained it."""
    federation = params.studies[study].arms[arm].federation
    return runs(params, study)[: None if federation is None else 1]


def training_sites(params: Params, study: str, arm: str) -> list[str]:
    """Return the rows of `sites` that an arm is trained on, in the arm's order."""
    scale = params.scale_of(study)
    return [scale.sites[site] for site in params.studies[study].arms[arm].sites]


def members(params: Params, study: str, arm: str) -> dict[str, tuple[str, ...]]:
    """Return the kinds of an arm by shelf; see `Stage`."""
    return {
        "inputs": (params.inputs[params.input_of(study, arm)].kind,),
        "networks": (params.networks[params.network_of(study, arm)].kind,),
        "methods": (params.methods[params.method_of(study, arm)].kind,),
    }


def of_arm(params: Params, study: str, arm: str, fields: tuple[str, ...]) -> dict[str, Paths]:
    """Return the dotted keys of those fields that an arm sets itself."""
    fields_set = params.studies[study].arms[arm].model_fields_set
    return {field: f"studies.{study}.arms.{arm}.{field}" for field in fields if field in fields_set}


def prepared(params: Params, study: str, arm: str, rows: list[str]) -> dict[str, Paths]:
    """Return the prepared data and splits of sites, each a table from site to path."""
    row_input = params.input_of(study, arm)
    files_by_site = {
        row: paths.prepared(row_input, row) | {"split": paths.split(study, row)} for row in rows
    }
    return by_name(files_by_site, ("index", "arrays", "split"))


def train(params: Params, study: str, arm: str, run: str) -> Stage:
    """Return the stage that trains a run, or takes the model that hospitals trained together."""
    budget = params.budget_of(study, arm)
    return Stage(
        step="train",
        wildcards={"study": study, "arm": arm, "run": run},
        inputs=_inputs(params, study, arm, run),
        outputs=paths.run(study, arm, run),
        settings={
            "method": f"methods.{params.method_of(study, arm)}",
            "network": f"networks.{params.network_of(study, arm)}",
            "input": f"inputs.{params.input_of(study, arm)}",
            "training": f"budgets.{budget}.training",
            **of_arm(params, study, arm, ("selection", "starts_from", "federation")),
            **scan_stages.classes(params, study),
        },
        members={
            **members(params, study, arm),
            "augmentations": (params.budgets[budget].training.augmentation.kind,),
        },
    )


def _inputs(params: Params, study: str, arm: str, run: str) -> dict[str, Paths]:
    federation = params.studies[study].arms[arm].federation
    if federation is not None:
        return {
            "federation_model": paths.federation(federation, "model.safetensors"),
            "federation_record": paths.federation(federation, "run.json"),
        }
    return {
        **prepared(params, study, arm, training_sites(params, study, arm)),
        **_start(params, study, arm, run),
    }


def _start(params: Params, study: str, arm: str, run: str) -> dict[str, Paths]:
    """Return model and record of the run from which a run of this arm starts, if it does (C-20)."""
    before = params.studies[study].arms[arm].starts_from
    if before is None:
        return {}
    files = paths.run(study, before, run)
    return {"start_model": files["model"], "start_record": files["record"]}
