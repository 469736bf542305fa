"""scan_stages: the stages that do not depend on arms: ingest, prepare, audit, split."""

from __future__ import annotations

from elsewhere.design import paths
from elsewhere.design.params import Params
from elsewhere.design.site import layout_options
from elsewhere.design.stage import Paths, Stage


def ingest(params: Params, row: str) -> Stage:
    """Return the stage that converts the raw files of a site to scans."""
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
            **readers(params, row),
        },
        settings={"site": f"sites.{row}", "intake": f"intakes.{site.intake}"},
        members={"layouts": (site.layout,)},
    )


def readers(params: Params, row: str) -> dict[str, str]:
    """Return what `ingest` makes of the readers' calls of a site that has any."""
    has = layout_options(params.sites[row]).has_readers
    return {"readers": paths.scan_file(row, "readers.csv")} if has else {}


def prepare(params: Params, row_input: str, row: str) -> Stage:
    """Return the stage that prepares the scans of a site for an input."""
    return Stage(
        step="prepare",
        wildcards={"input": row_input, "site": row},
        inputs=dict(paths.scans(row)),
        outputs=paths.prepared(row_input, row),
        settings={"input": f"inputs.{row_input}"},
        members={"inputs": (params.inputs[row_input].kind,)},
    )


def audit(params: Params, study: str) -> Stage:
    """Return the stage that compares the sites of a study before any training."""
    rows = list(params.scale_of(study).sites.values())
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
        settings=_given(params, study, ("audit", "findings", "comparisons", "family"))
        | named_classes(params, study),
        members={},
    )


def split(params: Params, study: str, row: str) -> Stage:
    """Return the stage that assigns the patients of a site to parts.

    A second stage takes the parts of its first study, and with them its groups of duplicates.
    """
    first = params.studies[study].second_stage
    of_parts = study if first is None else first.study
    settings = _given(params, study, ("split", "findings", "external"))
    settings |= named_classes(params, study)
    scale = f"studies.{of_parts}.scales.{params.scale}"
    if first is not None:
        settings["split"] = f"studies.{of_parts}.split"
    if params.scale_of(of_parts).split is not None:
        settings["split"] = f"{scale}.split"
    if params.split_of(study).test_patients and first is None:
        settings["classes"] = f"studies.{study}.classes"
    # the study's names of this site alone: another site changes nothing here
    sites = params.scale_of(of_parts).sites
    settings["site_rows"] = {
        name: f"{scale}.sites.{name}" for name, own in sites.items() if own == row
    }
    return Stage(
        step="split",
        wildcards={"study": study, "site": row},
        inputs={
            "manifest": paths.scans(row)["manifest"],
            "groups": paths.groups(of_parts, row),
            **({} if first is None else {"first": paths.split(of_parts, row)}),
        },
        outputs={
            "split": paths.split(study, row),
            "gate": paths.gate(study, row),
        },
        settings=settings,
        members={},
    )


def classes(params: Params, study: str) -> dict[str, Paths]:
    """Return the key of the classes of a study that has more than two; other studies need none."""
    return {"classes": f"studies.{study}.classes"} if params.studies[study].exclusive else {}


def named_classes(params: Params, study: str) -> dict[str, Paths]:
    """Return the keys that say what the labels of a manifest are: several classes, categories."""
    if params.studies[study].categories is None:
        return classes(params, study)
    return {field: f"studies.{study}.{field}" for field in ("classes", "categories")}


def _given(params: Params, study: str, fields: tuple[str, ...]) -> dict[str, Paths]:
    """Return the dotted keys of those fields that a study sets itself."""
    fields_set = params.studies[study].model_fields_set
    return {field: f"studies.{study}.{field}" for field in fields if field in fields_set}
