"""graph: a pure function from params to stages; both drivers take their graph from here."""

from __future__ import annotations

from collections.abc import Iterator

from elsewhere.design import paths
from elsewhere.design.params import Params
from elsewhere.design.stage import Paths, Stage
from elsewhere.design.study import Scale, Study


def stages(params: Params) -> dict[str, Stage]:
    """Return every stage of the studies in ``run`` at ``scale``, by name, in topological order."""
    found: dict[str, Stage] = {}
    for stage in _stages(params):
        found.setdefault(stage.name, stage)
    return found


def _stages(params: Params) -> Iterator[Stage]:
    for name in params.run:
        study = params.studies[name]
        scale = study.scales[params.scale]
        for row in scale.sites.values():
            yield _ingest(params, row)
            yield _prepare(scale.input, row)
        yield _audit(params, name)
        for row in scale.sites.values():
            yield _split(name, row)
        for arm in study.arms:
            for run in runs(study):
                yield _train(params, name, arm, run)
        for arm in study.arms:
            for row in scale.sites.values():
                yield _predict(params, name, arm, row)
        for arm in study.arms:
            for row in scale.sites.values():
                yield _score(params, name, arm, row)
        yield _figure(params, name)


def runs(study: Study) -> list[str]:
    """Return ``<fold>-<seed>`` of each model of an arm."""
    return [f"{fold}-{seed}" for fold in range(study.split.folds) for seed in study.seeds]


def training_sites(params: Params, study: str, arm: str) -> list[str]:
    """Return the rows of `sites` that an arm is trained on, in the arm's order."""
    scale = params.studies[study].scales[params.scale]
    return [scale.sites[site] for site in params.studies[study].arms[arm].sites]


def _ingest(params: Params, row: str) -> Stage:
    site = params.sites[row]
    return Stage(
        step="ingest",
        wildcards={"site": row},
        inputs={"raw": f"data/raw/{row}"} if site.available else {},
        outputs={
            **paths.scans(row),
            "rejected": paths.scan_file(row, "rejected.csv"),
            "account": paths.scan_file(row, "account.json"),
            "profile": paths.scan_file(row, "profile.parquet"),
        },
        settings={"site": f"sites.{row}", "intake": f"intakes.{site.intake}"},
        members={"layout": site.layout},
    )


def _prepare(row_input: str, row: str) -> Stage:
    return Stage(
        step="prepare",
        wildcards={"input": row_input, "site": row},
        inputs=dict(paths.scans(row)),
        outputs=paths.prepared(row_input, row),
        settings={"input": f"inputs.{row_input}"},
        members={},
    )


def _audit(params: Params, study: str) -> Stage:
    rows = list(_scale(params, study).sites.values())
    return Stage(
        step="audit",
        wildcards={"study": study},
        inputs={
            "manifest": {row: paths.scans(row)["manifest"] for row in rows},
            "profile": {row: paths.scan_file(row, "profile.parquet") for row in rows},
        },
        outputs={
            "pairs": paths.audit(study, "pairs.csv"),
            "audit": paths.audit(study, "audit.json"),
            **{f"groups/{row}": paths.groups(study, row) for row in rows},
        },
        settings={"audit": f"studies.{study}.audit"},
        members={},
    )


def _split(study: str, row: str) -> Stage:
    return Stage(
        step="split",
        wildcards={"study": study, "site": row},
        inputs={"manifest": paths.scans(row)["manifest"], "groups": paths.groups(study, row)},
        outputs={
            "split": paths.split(study, row),
            "gate": paths.gate(study, row),
        },
        settings={"split": f"studies.{study}.split"},
        members={},
    )


def _scale(params: Params, study: str) -> Scale:
    return params.studies[study].scales[params.scale]


def _network(params: Params, study: str, arm: str) -> str:
    """Return the row of an arm's network: its own, or what stands in for it at this scale."""
    name = params.studies[study].arms[arm].network
    return _scale(params, study).networks.get(name, name)


def _arm_members(params: Params, study: str, arm: str) -> dict[str, str]:
    method = params.studies[study].arms[arm].method
    return {
        "network": params.networks[_network(params, study, arm)].kind,
        "method": params.methods[method].kind,
    }


def _train(params: Params, study: str, arm: str, run: str) -> Stage:
    scale = _scale(params, study)
    rows = training_sites(params, study, arm)
    prepared = {row: paths.prepared(scale.input, row) for row in rows}
    return Stage(
        step="train",
        wildcards={"study": study, "arm": arm, "run": run},
        inputs={
            "index": {row: prepared[row]["index"] for row in rows},
            "arrays": {row: prepared[row]["arrays"] for row in rows},
            "split": {row: paths.split(study, row) for row in rows},
        },
        outputs={
            "model": paths.model(study, arm, run, "model.safetensors"),
            "history": paths.model(study, arm, run, "history.csv"),
            "record": paths.model(study, arm, run, "run.json"),
            "cost": paths.model(study, arm, run, "cost.json"),
        },
        settings={
            "method": f"methods.{params.studies[study].arms[arm].method}",
            "network": f"networks.{_network(params, study, arm)}",
            "input": f"inputs.{scale.input}",
            "training": f"budgets.{scale.budget}.training",
        },
        members=_arm_members(params, study, arm),
    )


def _predict(params: Params, study: str, arm: str, row: str) -> Stage:
    scale = _scale(params, study)
    each = runs(params.studies[study])
    return Stage(
        step="predict",
        wildcards={"study": study, "arm": arm, "site": row},
        inputs={
            "model": {run: paths.model(study, arm, run, "model.safetensors") for run in each},
            "record": {run: paths.model(study, arm, run, "run.json") for run in each},
            **paths.prepared(scale.input, row),
            "split": paths.split(study, row),
        },
        outputs={
            "predictions": paths.cell(study, arm, row, "predictions.parquet"),
            "cost": paths.cell(study, arm, row, "cost.json"),
        },
        settings={
            "network": f"networks.{_network(params, study, arm)}",
            "input": f"inputs.{scale.input}",
            "prediction": f"budgets.{scale.budget}.prediction",
        },
        members={"network": _arm_members(params, study, arm)["network"]},
    )


def _score(params: Params, study: str, arm: str, row: str) -> Stage:
    return Stage(
        step="score",
        wildcards={"study": study, "arm": arm, "site": row},
        inputs={
            "test": paths.cell(study, arm, row, "predictions.parquet"),
            "training": {
                site: paths.cell(study, arm, site, "predictions.parquet")
                for site in training_sites(params, study, arm)
            },
        },
        outputs={"metrics": paths.cell(study, arm, row, "metrics.json")},
        settings={"scoring": f"studies.{study}.scoring"},
        members={},
    )


def _figure(params: Params, name: str) -> Stage:
    study, scale = params.studies[name], _scale(params, name)
    rows = list(scale.sites.values())
    cells = [(arm, row) for arm in study.arms for row in rows]
    models = [(arm, run) for arm in study.arms for run in runs(study)]
    rejected = {row: paths.scan_file(row, "rejected.csv") for row in rows}
    return Stage(
        step="figure",
        wildcards={"study": name},
        inputs={
            "metrics": {f"{a}/{s}": paths.cell(name, a, s, "metrics.json") for a, s in cells},
            "predictions": {
                f"{a}/{s}": paths.cell(name, a, s, "predictions.parquet") for a, s in cells
            },
            "predict_cost": {f"{a}/{s}": paths.cell(name, a, s, "cost.json") for a, s in cells},
            "record": {f"{a}/{r}": paths.model(name, a, r, "run.json") for a, r in models},
            "history": {f"{a}/{r}": paths.model(name, a, r, "history.csv") for a, r in models},
            "train_cost": {f"{a}/{r}": paths.model(name, a, r, "cost.json") for a, r in models},
            "manifest": {row: paths.scans(row)["manifest"] for row in rows},
            "volumes": {row: paths.scans(row)["volumes"] for row in rows},
            "rejected": rejected,
            "profile": {row: paths.scan_file(row, "profile.parquet") for row in rows},
            "pairs": paths.audit(name, "pairs.csv"),
            "audit": paths.audit(name, "audit.json"),
            "split": {row: paths.split(name, row) for row in rows},
            "gate": {row: paths.gate(name, row) for row in rows},
        },
        outputs={
            "matrix": f"results/{name}/matrix.csv",
            "figures": f"results/{name}/figures",
            "report": f"results/{name}/report.html",
        },
        settings=_figure_settings(params, name),
        members={},
    )


def _figure_settings(params: Params, name: str) -> dict[str, Paths]:
    of_study = ("title", "citation", "classes", "published", "arms", "averages_without", "scoring")
    return {
        **{field: f"studies.{name}.{field}" for field in of_study},
        "site_rows": f"studies.{name}.scales.{params.scale}.sites",
        "sites": {row: f"sites.{row}" for row in _scale(params, name).sites.values()},
    }
