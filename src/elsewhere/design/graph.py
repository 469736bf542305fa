"""graph: compute all stages of the studies from the params; both drivers use this graph."""

from __future__ import annotations

from collections.abc import Iterator

from elsewhere.design import mask_stages, paths, scan_stages, shown, train_stages
from elsewhere.design.arms import trained
from elsewhere.design.budgets import OnDevice
from elsewhere.design.figure_rows import REPORT, figure_row
from elsewhere.design.metric_rows import metric_row
from elsewhere.design.params import Params
from elsewhere.design.stage import Paths, Stage, by_name
from elsewhere.design.study import Study
from elsewhere.design.train_stages import (
    members,
    of_arm,
    prepared,
    runs,
    runs_of,
    training_sites,
)


def stages(params: Params) -> dict[str, Stage]:
    """Return the stages of all studies in ``run`` at ``scale``, by name, in topological order."""
    unique: dict[str, Stage] = {}
    for stage in _stages(params):
        unique.setdefault(stage.name, stage)
    return unique


def _stages(params: Params) -> Iterator[Stage]:
    for name in params.run:
        first = params.studies[name].second_stage
        if first is not None:
            yield from _calls(params, first.study, (first.arm,))
        yield from _calls(params, name, tuple(params.studies[name].arms))
        yield from _results(params, name)


def _calls(params: Params, study: str, arms: tuple[str, ...]) -> Iterator[Stage]:
    """Yield all stages up to the predictions of some arms of a study."""
    rows = list(params.scale_of(study).sites.values())
    for row in rows:
        yield scan_stages.ingest(params, row)
        for row_input in dict.fromkeys(params.input_of(study, arm) for arm in arms):
            yield scan_stages.prepare(params, row_input, row)
    yield scan_stages.audit(params, study)
    for row in rows:
        yield scan_stages.split(params, study, row)
    for arm in trained(params.studies[study], arms):
        for run in runs_of(params, study, arm):
            yield train_stages.train(params, study, arm, run)
    for arm in arms:
        for row in rows:
            yield _predict(params, study, arm, row)


def _results(params: Params, name: str) -> Iterator[Stage]:
    """Yield what is made of the predictions of a study."""
    study = params.studies[name]
    for arm in _explained(study):
        yield (explain := _explain(params, name, arm))
        yield from mask_stages.stages(params, explain)
    if "outlined" in _read(params, name):
        yield from mask_stages.outlines(params, name)
    for arm in study.arms:
        for row in params.scale_of(name).sites.values():
            yield _score(params, name, arm, row)
        for together in _together(params, name):
            yield _score(params, name, arm, together)
    yield _figure(params, name)


def _together(params: Params, name: str) -> tuple[str, ...]:
    """Return the cells of an arm that are of the test scans of several sites (B-28, A-54)."""
    if params.studies[name].by_part:
        return (paths.INTERNAL,)
    return (paths.COMBINED,) if len(params.scale_of(name).sites) > 1 else ()


def _applied(params: Params, study: str, arm: str) -> dict[str, Paths]:
    """Return the settings with which the models of an arm are applied."""
    return {
        "method": f"methods.{params.method_of(study, arm)}",
        "network": f"networks.{params.network_of(study, arm)}",
        "input": f"inputs.{params.input_of(study, arm)}",
        "prediction": f"budgets.{params.budget_of(study, arm)}.prediction",
        **of_arm(params, study, arm, ("unseen", "anonymous")),
        **scan_stages.classes(params, study),
    }


def _predict(params: Params, study: str, arm: str, row: str) -> Stage:
    models = params.studies[study].arms[arm].models_of or arm
    runs_of_arm = {run: paths.run(study, models, run) for run in runs_of(params, study, models)}
    return Stage(
        step="predict",
        wildcards={"study": study, "arm": arm, "site": row},
        inputs={
            **by_name(runs_of_arm, ("model", "record")),
            **paths.prepared(params.input_of(study, arm), row),
            "split": paths.split(study, row),
        },
        outputs={
            "predictions": paths.cell(study, arm, row, "predictions.parquet"),
            "cost": paths.cell(study, arm, row, "cost.json"),
        },
        settings={**_applied(params, study, arm), **_without_passes(params, study, arm)},
        members=members(params, study, arm),
    )


def _without_passes(params: Params, study: str, arm: str) -> dict[str, Paths]:
    """Return the keys of the prediction without its passes, where no metric of the study uses them.

    So the passes are not made, and a change of their number makes nothing stale.
    """
    budget = params.budget_of(study, arm)
    metrics = params.studies[study].scoring.metrics
    if not params.budgets[budget].prediction.mc_passes or any(
        metric_row(name).needs == "passes" for name in metrics
    ):
        return {}
    at = f"budgets.{budget}.prediction"
    return {"prediction": {name: f"{at}.{name}" for name in OnDevice.model_fields}}


def _explained(study: Study) -> tuple[str, ...]:
    return study.explain.arms if study.explain else ()


def _explain(params: Params, study: str, arm: str) -> Stage:
    run, rows = runs(params, study)[0], list(params.scale_of(study).sites.values())
    models = params.studies[study].arms[arm].models_of or arm
    at = f"studies.{study}.explain"
    cells = {row: paths.cell(study, arm, row, "predictions.parquet") for row in rows}
    return Stage(
        step="explain",
        wildcards={"study": study, "arm": arm},
        inputs={
            **by_name({run: paths.run(study, models, run)}, ("model", "record")),
            **prepared(params, study, arm, rows),
            "predictions": cells,
            "manifest": {row: paths.scans(row)["manifest"] for row in rows},
        },
        outputs=paths.explained(study, arm),
        settings={**_applied(params, study, arm), "scans": f"{at}.scans", "seed": f"{at}.seed"},
        members=members(params, study, arm),
    )


def _score(params: Params, study: str, arm: str, row: str) -> Stage:
    training = _predictions(study, arm, training_sites(params, study, arm))
    tested = {
        paths.INTERNAL: [*training],
        paths.COMBINED: [*params.scale_of(study).sites.values()],
    }.get(row, [row])
    own = _predictions(study, arm, tested)
    return Stage(
        step="score",
        wildcards={"study": study, "arm": arm, "site": row},
        inputs={
            "test": own if row in (paths.INTERNAL, paths.COMBINED) else own[row],
            "training": training,
            **_first_calls(params, study, tested),
            **_at_site(params, study, arm, row),
        },
        outputs={"metrics": paths.cell(study, arm, row, "metrics.json")},
        settings={
            "scoring": f"studies.{study}.scoring",
            **_optional(params, study, ("second_stage",)),
        },
        members={"metrics": params.studies[study].scoring.metrics},
    )


def _predictions(study: str, arm: str, rows: list[str]) -> dict[str, str]:
    return {row: paths.cell(study, arm, row, "predictions.parquet") for row in rows}


def _first_calls(params: Params, study: str, rows: list[str]) -> dict[str, Paths]:
    """Return the predictions that say which scans a second stage classifies, by site."""
    first = params.studies[study].second_stage
    if first is None:
        return {}
    return {"first": _predictions(first.study, first.arm, rows)}


def _at_site(params: Params, study: str, arm: str, row: str) -> dict[str, Paths]:
    """Return the scores that the site itself computed in a federation between hospitals, if any."""
    settings = params.studies[study].arms[arm]
    if settings.federation is None or row not in training_sites(params, study, arm):
        return {}
    return {"at_site": paths.federation(settings.federation, f"scores/{row}.json")}


def _optional(params: Params, study: str, fields: tuple[str, ...]) -> dict[str, Paths]:
    """Return the keys of those fields of a study that are not empty."""
    row = params.studies[study]
    return {field: f"studies.{study}.{field}" for field in fields if getattr(row, field)}


def _figure(params: Params, name: str) -> Stage:
    figures = shown.figures(params, name)
    wanted, inputs = {*REPORT, *_read(params, name)}, _figure_inputs(params, name)
    return Stage(
        step="figure",
        wildcards={"study": name},
        inputs={read: paths for read, paths in inputs.items() if read in wanted},
        outputs={
            "matrix": f"results/{name}/matrix.csv",
            "figures": f"results/{name}/figures",
            "report": f"results/{name}/report.html",
        },
        settings=_figure_settings(params, name),
        members={
            "figures": figures,
            "metrics": params.studies[name].scoring.metrics,
            "claims": shown.claims(params, name),
        },
    )


def _read(params: Params, name: str) -> set[str]:
    """Return the names of the inputs that the figures of a study read."""
    return {read for figure in shown.figures(params, name) for read in figure_row(figure).reads}


def _figure_inputs(params: Params, name: str) -> dict[str, Paths]:
    """Return everything that a figure of a study may read."""
    study, scale = params.studies[name], params.scale_of(name)
    rows = list(scale.sites.values())
    cells = [(arm, row) for arm in study.arms for row in rows]
    several = [(arm, together) for arm in study.arms for together in _together(params, name)]
    models = [
        (arm, run) for arm in trained(study, study.arms) for run in runs_of(params, name, arm)
    ]
    explained = {arm: paths.explained(name, arm) for arm in _explained(study)}
    return {
        "metrics": {f"{a}/{s}": paths.cell(name, a, s, "metrics.json") for a, s in cells + several},
        "predictions": {
            f"{a}/{s}": paths.cell(name, a, s, "predictions.parquet") for a, s in cells
        },
        "predict_cost": {f"{a}/{s}": paths.cell(name, a, s, "cost.json") for a, s in cells},
        "record": {f"{a}/{r}": paths.model(name, a, r, "run.json") for a, r in models},
        "history": {f"{a}/{r}": paths.model(name, a, r, "history.csv") for a, r in models},
        "train_cost": {f"{a}/{r}": paths.model(name, a, r, "cost.json") for a, r in models},
        "manifest": {row: paths.scans(row)["manifest"] for row in rows},
        "volumes": {row: paths.scans(row)["volumes"] for row in rows},
        "rejected": {row: paths.scan_file(row, "rejected.csv") for row in rows},
        "profile": {row: paths.scan_file(row, "profile.parquet") for row in rows},
        "pairs": paths.audit(name, "pairs.csv"),
        "audit": paths.audit(name, "audit.json"),
        "split": {row: paths.split(name, row) for row in rows},
        "gate": {row: paths.gate(name, row) for row in rows},
        "readers": {
            row: path for row in rows for path in scan_stages.readers(params, row).values()
        },
        **by_name(explained, ("explained", "gallery", "embeddings")),
        **mask_stages.outlined(params, name),
        **mask_stages.localised(params, name),
    }


def _figure_settings(params: Params, name: str) -> dict[str, Paths]:
    always = ("title", "citation", "classes", "published", "arms", "averages_without", "scoring")
    optional = {"comparisons", "roc_panels", "findings", "subgroups", "target_width", "family"}
    given = sorted(optional & params.studies[name].model_fields_set)
    return {
        **{field: f"studies.{name}.{field}" for field in (*always, *given)},
        **_optional(params, name, ("categories", "second_stage")),
        "site_rows": f"studies.{name}.scales.{params.scale}.sites",
        "sites": {row: f"sites.{row}" for row in params.scale_of(name).sites.values()},
    }
