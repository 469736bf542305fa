"""absent: explains what to do about an input that does not exist."""

from __future__ import annotations

from pathlib import Path

from elsewhere.design.params import Params
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
            f"`snakemake -j8 {rule_outputs(stage)[0]}` makes it and then runs this step"
        )


def raw_data(site: str, params: Params) -> str:
    """Return what to do where the raw data of a site are not there."""
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
