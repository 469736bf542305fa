"""absent: explains what to do about an input that does not exist."""

from __future__ import annotations

from pathlib import Path

from elsewhere.design.params import Params
from elsewhere.design.paths import masks, scans
from elsewhere.design.stage import Stage
from elsewhere.drivers.state import RAW, rule_outputs

FEDERATIONS = "data/federations/"


class AbsentError(RuntimeError):
    """Inputs of a step are not there; the message says how to get them."""


def require_inputs(stage: Stage, params: Params) -> None:
    """Raise AbsentError if a file or folder that a stage reads does not exist."""
    absent = [path for path in stage.files if not Path(path).exists()]
    raw = [path for path in absent if path.startswith(RAW)]
    if raw:
        raise AbsentError(raw_data(raw[0].removeprefix(RAW), params))
    if absent and absent[0].startswith(FEDERATIONS):
        raise AbsentError(
            f"{absent[0]} is not there: `elsewhere federation import` brings it from the folder "
            "`export` of a hospital"
        )
    if absent:
        others = f" (and {len(absent) - 1} more)" if len(absent) > 1 else ""
        raise AbsentError(
            f"{stage.name} reads {absent[0]}{others}, which is not there yet; "
            f"`snakemake -j8 {rule_outputs(stage)[0]}` makes it and then runs this step, and "
            "`dvc pull` fetches what others made"
        )


def raw_data(site: str, params: Params) -> str:
    """Return what to do where the raw data of a site are not there, or its masks."""
    if site not in params.sites:
        return _masks(site, params)
    row = params.sites[site]
    missing = f"{RAW}{site}: no such folder"
    if row.synthetic and site in params.phantoms:
        return f"{missing}; `elsewhere phantom {site}` writes this synthetic site"
    if site in params.pulls:
        return f"{missing}; `elsewhere pull {site}` fetches it from the archive"
    return (
        f"{missing}; put the data of {row.title} there as they are published (layout "
        f"{row.layout}), or set sites.{site}.available: false"
    )


def never_written(params: Params) -> list[str]:
    """Return the studies of `run` of which a synthetic site has not been written.

    A study whose synthetic sites were ingested, and then deleted, is not among them.
    """
    return [
        study
        for study in params.run
        if any(_is_never_written(row, params) for row in params.scale_of(study).sites.values())
    ]


def _is_never_written(site: str, params: Params) -> bool:
    traces = (f"{RAW}{site}", f"{RAW}{site}.dvc", scans(site)["manifest"])
    there = any(Path(path).exists() for path in traces)
    return site in params.phantoms and not there


def targets(params: Params) -> list[str]:
    """Return the studies of `run` that can be made; all, if none can.

    A synthetic site that nobody has written is no fault of the other studies.
    """
    absent = never_written(params)
    return [study for study in params.run if study not in absent] or [*params.run]


def left_out(params: Params) -> str:
    """Say which studies of `run` have no data, and how to write them; empty if all have some."""
    absent = never_written(params)
    if not absent:
        return ""
    write = f"`elsewhere phantom --study {absent[0]}` writes those of one study"
    if len(absent) == len(params.run):
        return f"the synthetic sites of {', '.join(absent)} were never written; {write}"
    return f"left out, since their synthetic sites were never written: {', '.join(absent)}; {write}"


def _masks(folder: str, params: Params) -> str:
    site = next(name for name in params.masks if masks(name) == f"{RAW}{folder}")
    missing = f"{RAW}{folder}: no such folder"
    if params.sites[site].synthetic and site in params.phantoms:
        return f"{missing}; `elsewhere phantom {site}` writes it with `masks: true` of its row"
    return f"{missing}; put the masks of {params.sites[site].title} there, or take out masks.{site}"
