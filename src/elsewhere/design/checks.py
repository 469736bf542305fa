"""checks: what is wrong with settings that are well formed: names, and rows that do not fit."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from elsewhere.design import kinds, shown, study_checks, wording
from elsewhere.design.problem import Problem, listed, missing
from elsewhere.design.site import Site, layout_options
from elsewhere.design.stage import CODE_LISTS, SETTINGS
from elsewhere.design.tables import Params

RESERVED = tuple(folder.removeprefix("results/") for folder in (CODE_LISTS, SETTINGS))


def problems(params: Params) -> Iterator[Problem]:
    """Yield every setting that cannot be used beside the others.

    Which figures a study can have depends on rows that must be there: they are checked last, if
    all else is well.
    """
    of_rows = [*_row_problems(params)]
    yield from of_rows
    if not of_rows:
        for name in params.run:
            yield from shown.problems(params, name)


def _row_problems(params: Params) -> Iterator[Problem]:
    yield from _run_problems(params)
    for name, site in params.sites.items():
        yield from missing(f"sites.{name}.intake", [site.intake], params.intakes, "intakes")
        yield from _layout_problems(f"sites.{name}", site)
    for name, row in params.pulls.items():
        yield from missing(f"pulls.{name}.archive", [row.archive], params.archives, "archives")
        yield from missing(f"pulls.{name}", [name], params.sites, "sites")
    for name in params.uncached:
        yield from missing(f"uncached.{name}", [name], params.sites, "sites")
    yield from _mask_problems(params)
    yield from _phantom_problems(params)
    for name in params.studies:
        if name in RESERVED:
            why = f"results/{name} is for files that DVC reads; call the study otherwise"
            yield Problem(f"studies.{name}", why)
        yield from study_checks.problems(params, name)


def _run_problems(params: Params) -> Iterator[Problem]:
    for name in params.run:
        if name not in params.studies:
            yield Problem("run", f"no study '{name}'; there are {listed(params.studies)}")
        elif params.scale not in params.studies[name].scales:
            known = listed(params.studies[name].scales)
            yield Problem(
                "scale",
                f"study '{name}' has no scale '{params.scale}', it has {known}; choose one of "
                "these or take the study out of run",
            )


def _layout_problems(at: str, site: Site) -> Iterator[Problem]:
    layouts = kinds.names("layouts")
    if site.layout not in layouts:
        yield Problem(f"{at}.layout", f"'{site.layout}' is not one of {', '.join(layouts)}")
        return
    row = kinds.row_class("layouts", site.layout)
    try:
        row.model_validate(site.options)
    except ValidationError as error:
        yield from wording.problems(error, site.options, row, below=f"{at}.options")


def _mask_problems(params: Params) -> Iterator[Problem]:
    for name in params.masks:
        yield from missing(f"masks.{name}", [name], params.sites, "sites")
        site = params.sites.get(name)
        # what is wrong with the site itself is told of the site
        if site is not None and not [*_layout_problems("", site)]:
            shown_as = layout_options(site).modality
            if shown_as != "volume":
                sentence = f"its scans are {shown_as}s; lesions are outlined in volumes alone"
                yield Problem(f"masks.{name}", sentence)
        if f"{name}-masks" in params.sites:
            sentence = f"its masks and the site '{name}-masks' would have one folder; rename that"
            yield Problem(f"masks.{name}", sentence)


def _phantom_problems(params: Params) -> Iterator[Problem]:
    for name, row in params.phantoms.items():
        site = params.sites.get(name)
        if site is None or not site.synthetic:
            yield Problem(f"phantoms.{name}", f"sites.{name} is missing or not `synthetic: true`")
        elif row.kind != site.layout and site.layout in kinds.names("layouts"):
            yield Problem(
                f"phantoms.{name}.kind",
                f"is {row.kind}, but sites.{name}.layout is {site.layout}; a synthetic site is "
                "written in the layout in which it is read",
            )
