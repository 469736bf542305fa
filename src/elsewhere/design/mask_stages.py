"""mask_stages: the stages that compare where models look with masks of lesions (C-35)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from elsewhere.design import paths
from elsewhere.design.stage import Paths, Stage, by_name

if TYPE_CHECKING:
    from elsewhere.design.tables import Params

_OUTLINES = Path(__file__).parents[1] / "imaging/outlines"
_OF_SITES = ("index", "arrays", "split", "predictions", "manifest")


def masked(params: Params, study: str) -> list[str]:
    """Return the sites of a study, rows of `sites`, that are here and have masks to outline."""
    if not can_outline(params, _input_of_figures(params, study)):
        return []
    rows = params.scale_of(study).sites.values()
    return [row for row in rows if row in params.masks and params.sites[row].available]


def can_outline(params: Params, row_input: str) -> bool:
    """Return whether masks can be brought onto the lattice of an input; of some kinds they cannot.

    A study with masks can then use such an input; its figures show no lesions.
    """
    return (_OUTLINES / f"{params.inputs[row_input].kind}.py").is_file()


def stages(params: Params, explain: Stage) -> Iterator[Stage]:
    """Yield what compares the model of a stage `explain` with masks; nothing if there are none."""
    study, arm = explain.wildcards["study"], explain.wildcards["arm"]
    rows, row_input = masked(params, study), params.input_of(study, arm)
    if not can_outline(params, row_input):
        return
    for row in rows:
        yield _outline(params, row_input, row)
    if rows:
        yield _localise(explain, rows, row_input)


def outlines(params: Params, study: str) -> Iterator[Stage]:
    """Yield what outlines the lesions of a study's sites for its figures, explained or not."""
    for row in masked(params, study):
        yield _outline(params, _input_of_figures(params, study), row)


def outlined(params: Params, study: str) -> dict[str, Paths]:
    """Return the account of the lesions of each site with masks, for the step `figure`."""
    row_input = _input_of_figures(params, study)
    return {
        "outlined": {
            row: paths.outlined(row_input, row)["outlined"] for row in masked(params, study)
        }
    }


def localised(params: Params, study: str) -> dict[str, Paths]:
    """Return records and examples that `localise` makes of the explained arms, if there are masks.

    They are tables by arm, for the step `figure`.
    """
    explain = params.studies[study].explain
    arms = explain.arms if explain and masked(params, study) else ()
    outlined = [arm for arm in arms if can_outline(params, params.input_of(study, arm))]
    files = {arm: paths.localised(study, arm) for arm in outlined}
    return by_name(files, ("localised", "localised_examples"))


def _input_of_figures(params: Params, study: str) -> str:
    """Return the input of the first arm that is explained, else of the first: lesions are alike."""
    row = params.studies[study]
    explained = row.explain.arms if row.explain else ()
    return params.input_of(study, (*explained, *row.arms)[0])


def _outline(params: Params, row_input: str, row: str) -> Stage:
    return Stage(
        step="outline",
        wildcards={"input": row_input, "site": row},
        inputs={**paths.scans(row), "masks": paths.masks(row)},
        outputs=paths.outlined(row_input, row),
        settings={
            "site": f"sites.{row}",
            "masks": f"masks.{row}",
            "input": f"inputs.{row_input}",
        },
        members={"inputs": (params.inputs[row_input].kind,)},
    )


def _localise(explain: Stage, rows: list[str], row_input: str) -> Stage:
    study = explain.wildcards["study"]
    outlined = {row: paths.outlined(row_input, row) for row in rows}
    inputs: dict[str, Paths] = {name: explain.inputs[name] for name in ("model", "record")}
    for name in _OF_SITES:
        inputs[name] = {row: explain.table(name)[row] for row in rows}
    inputs |= by_name(outlined, ("outlined", "outlines"))
    return Stage(
        step="localise",
        wildcards=explain.wildcards,
        inputs=inputs,
        outputs=paths.localised(study, explain.wildcards["arm"]),
        settings={**explain.settings, "scoring": f"studies.{study}.scoring"},
        members=explain.members,
    )
