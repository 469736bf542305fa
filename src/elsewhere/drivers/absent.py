"""absent: explains what to do about an input that does not exist."""

from __future__ import annotations

from pathlib import Path

from elsewhere.design.params import Params
from elsewhere.design.paths import masks
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


def _masks(folder: str, params: Params) -> str:
    site = next(name for name in params.masks if masks(name) == f"{RAW}{folder}")
    missing = f"{RAW}{folder}: no such folder"
    if params.sites[site].synthetic and site in params.phantoms:
        return f"{missing}; `elsewhere phantom {site}` writes it with `masks: true` of its row"
    return f"{missing}; put the masks of {params.sites[site].title} there, or take out masks.{site}"
