"""fitting: checks that a study fits the scans of some sites, or names studies that do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from elsewhere.design.findings import View
from elsewhere.design.labelled import LabelledOptions
from elsewhere.design.params import Params, ParamsError
from elsewhere.design.rows import LayoutOptions
from elsewhere.design.site import layout_options
from elsewhere.design.study import Study


@dataclass(frozen=True)
class Modalities:
    """What the scans of a study's sites are.

    Attributes
    ----------
    dimensions
        3 for volumes, 2 for slices and radiographs.
    findings
        Names of findings that every site annotates; none where scans have one label.
    views
        Of the scans that are used.
    """

    dimensions: int
    findings: tuple[str, ...]
    views: tuple[View, ...]


def check_fit(params: Params, like: str, sites: Sequence[str]) -> Modalities:
    """Return what the scans of sites are, checked to fit the inputs and networks of a study.

    Raises
    ------
    ParamsError
        Saying which sites there are, or which study fits.
    """
    if like not in params.studies:
        raise ParamsError(f"--like {like}: there are {', '.join(sorted(params.studies))}")
    _check_sites(params, sites)
    options = {site: layout_options(params.sites[site]) for site in sites}
    dimensions = {site: 3 if row.modality == "volume" else 2 for site, row in options.items()}
    if len({*dimensions.values()}) > 1:
        both = ", ".join(f"{site} ({options[site].modality})" for site in sites)
        raise ParamsError(f"no input takes volumes and images at once: {both}")
    study, wanted = params.studies[like], dimensions[sites[0]]
    findings = _have_findings(options)
    if _dimensions(params, study) != {wanted} or (findings and study.findings is None):
        what = f"{options[sites[0]].modality}s with {'findings' if findings else 'one label'}"
        raise ParamsError(_instead(params, like, what, dimensions=wanted, findings=findings))
    radiographs = any(row.modality == "radiograph" for row in options.values())
    views = study.findings.views if study.findings and radiographs else ("none",)
    names = _shared_findings(study, options) if findings else ()
    return Modalities(wanted, names, tuple(views))


def _check_sites(params: Params, sites: Sequence[str]) -> None:
    unknown = [site for site in sites if site not in params.sites]
    if unknown:
        raise ParamsError(
            f"no site {', '.join(unknown)}; there are {', '.join(sorted(params.sites))}; "
            "`elsewhere new site` makes one"
        )
    doubled = sorted({site for site in sites if sites.count(site) > 1})
    if doubled:
        raise ParamsError(f"{', '.join(doubled)}: named twice; an external site trains no arm")


def _have_findings(options: dict[str, LayoutOptions]) -> bool:
    having = [site for site, row in options.items() if row.has_findings]
    if having and len(having) < len(options):
        others = ", ".join(site for site in options if site not in having)
        raise ParamsError(f"{', '.join(having)} give findings, but {others} one label: choose one")
    return bool(having)


def _shared_findings(study: Study, options: dict[str, LayoutOptions]) -> tuple[str, ...]:
    """Return the findings to learn: those of all the sites' own tables, else the study's."""
    own = [row.findings for row in options.values() if isinstance(row, LabelledOptions)]
    names = own[0] if own else tuple(study.findings.labels if study.findings else ())
    shared = tuple(name for name in names if all(name in findings for findings in own))
    if not shared:
        raise ParamsError("the sites have no finding in common; see options.findings of each")
    return shared


def _dimensions(params: Params, study: Study) -> set[int]:
    rows = [row for scale in study.scales.values() for row in (scale.input, *scale.inputs.values())]
    return {len(params.inputs[row].shape) - 1 for row in rows}


def _instead(params: Params, like: str, what: str, *, dimensions: int, findings: bool) -> str:
    fitting = [
        name
        for name, study in params.studies.items()
        if _dimensions(params, study) == {dimensions} and (study.findings or not findings)
    ]
    if not fitting:
        return (
            f"the sites give {what}, and no study learns from such scans yet; give their label.csv "
            "a column label in place of findings"
        )
    return f"--like {like} does not fit: the sites give {what}; use --like {' or '.join(fitting)}"
