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
        for arm in _trained(study):
            for run in runs(params, name):
                yield _train(params, name, arm, run)
        for arm in study.arms:
            for row in scale.sites.values():
                yield _predict(params, name, arm, row)
        for arm in _explained(study):
            yield _explain(params, name, arm)
        for arm in study.arms:
            for row in scale.sites.values():
                yield _score(params, name, arm, row)
        yield _figure(params, name)


def _trained(study: Study) -> list[str]:
    """Return the arms that have models of their own."""
    return [name for name, arm in study.arms.items() if arm.models_of is None]


def runs(params: Params, study: str) -> list[str]:
    """Return ``<fold>-<seed>`` of each model of an arm."""
    folds = range(params.studies[study].split.folds)
    return [f"{fold}-{seed}" for fold in folds for seed in _scale(params, study).seeds]


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


def _of_arm(params: Params, study: str, arm: str, fields: tuple[str, ...]) -> dict[str, Paths]:
    """Return where params.yaml says these of an arm, those left out of it not among them."""
    said = params.studies[study].arms[arm].model_fields_set
    return {field: f"studies.{study}.arms.{arm}.{field}" for field in fields if field in said}


def _tables(found: dict[str, dict[str, str]], names: tuple[str, ...]) -> dict[str, Paths]:
    """Return a table of each of these names, from the files of each site, run or arm."""
    return {name: {key: files[name] for key, files in found.items()} for name in names}


def _prepared(params: Params, study: str, rows: list[str]) -> dict[str, Paths]:
    """Return prepared scans and splits of some sites, each a table from site to path."""
    row_input = _scale(params, study).input
    found = {
        row: paths.prepared(row_input, row) | {"split": paths.split(study, row)} for row in rows
    }
    return _tables(found, ("index", "arrays", "split"))


def _train(params: Params, study: str, arm: str, run: str) -> Stage:
    scale = _scale(params, study)
    return Stage(
        step="train",
        wildcards={"study": study, "arm": arm, "run": run},
        inputs=_prepared(params, study, training_sites(params, study, arm)),
        outputs=paths.run(study, arm, run),
        settings={
            "method": f"methods.{params.studies[study].arms[arm].method}",
            "network": f"networks.{_network(params, study, arm)}",
            "input": f"inputs.{scale.input}",
            "training": f"budgets.{scale.budget}.training",
            **_of_arm(params, study, arm, ("selection",)),
        },
        members=_arm_members(params, study, arm),
    )


def _applied(params: Params, study: str, arm: str) -> dict[str, Paths]:
    """Return the settings by which an arm's models are applied."""
    scale = _scale(params, study)
    return {
        "method": f"methods.{params.studies[study].arms[arm].method}",
        "network": f"networks.{_network(params, study, arm)}",
        "input": f"inputs.{scale.input}",
        "prediction": f"budgets.{scale.budget}.prediction",
        **_of_arm(params, study, arm, ("unseen", "anonymous")),
    }


def _predict(params: Params, study: str, arm: str, row: str) -> Stage:
    scale = _scale(params, study)
    models = params.studies[study].arms[arm].models_of or arm
    each = {run: paths.run(study, models, run) for run in runs(params, study)}
    return Stage(
        step="predict",
        wildcards={"study": study, "arm": arm, "site": row},
        inputs={
            **_tables(each, ("model", "record")),
            **paths.prepared(scale.input, row),
            "split": paths.split(study, row),
        },
        outputs={
            "predictions": paths.cell(study, arm, row, "predictions.parquet"),
            "cost": paths.cell(study, arm, row, "cost.json"),
        },
        settings=_applied(params, study, arm),
        members=_arm_members(params, study, arm),
    )


def _explained(study: Study) -> tuple[str, ...]:
    return study.explain.arms if study.explain else ()


def _explain(params: Params, study: str, arm: str) -> Stage:
    run, rows = runs(params, study)[0], list(_scale(params, study).sites.values())
    models = params.studies[study].arms[arm].models_of or arm
    at = f"studies.{study}.explain"
    cells = {row: paths.cell(study, arm, row, "predictions.parquet") for row in rows}
    return Stage(
        step="explain",
        wildcards={"study": study, "arm": arm},
        inputs={
            **_tables({run: paths.run(study, models, run)}, ("model", "record")),
            **_prepared(params, study, rows),
            "predictions": cells,
            "manifest": {row: paths.scans(row)["manifest"] for row in rows},
        },
        outputs=paths.explained(study, arm),
        settings={**_applied(params, study, arm), "scans": f"{at}.scans", "seed": f"{at}.seed"},
        members=_arm_members(params, study, arm),
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
    models = [(arm, run) for arm in _trained(study) for run in runs(params, name)]
    rejected = {row: paths.scan_file(row, "rejected.csv") for row in rows}
    explained = {arm: paths.explained(name, arm) for arm in _explained(study)}
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
            **_tables(explained, ("explained", "gallery", "embeddings")),
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
    always = ("title", "citation", "classes", "published", "arms", "averages_without", "scoring")
    given = sorted({"comparisons", "roc_panels"} & params.studies[name].model_fields_set)
    return {
        **{field: f"studies.{name}.{field}" for field in (*always, *given)},
        "site_rows": f"studies.{name}.scales.{params.scale}.sites",
        "sites": {row: f"sites.{row}" for row in _scale(params, name).sites.values()},
    }
