"""scale_checks: what is wrong with a scale of a study: rows that do not fit one another."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from pydantic import ValidationError

from elsewhere.design import kinds
from elsewhere.design.paths import AVERAGE, COMBINED, INTERNAL
from elsewhere.design.problem import Problem, missing
from elsewhere.design.rows import LayoutOptions
from elsewhere.design.site import layout_options
from elsewhere.design.study import Scale, Study
from elsewhere.design.tables import Params


def problems(params: Params, study: str, name: str) -> Iterator[Problem]:
    """Yield every setting of a scale that cannot be used beside the others."""
    scale = params.studies[study].scales[name]
    at = f"studies.{study}.scales.{name}"
    unknown = list(_names(params, at, scale))
    yield from unknown
    for row in (INTERNAL, COMBINED, AVERAGE):
        if row in scale.sites.values():
            yield Problem(f"{at}.sites", f"no row may be called '{row}', cells are")
    if not unknown:
        yield from _site_problems(params, at, params.studies[study], scale)
        yield from _input_problems(params, at, scale)
        yield from _network_problems(params, at, params.studies[study], scale)
        yield from _batch_problems(params, at, params.studies[study], scale)
        yield from _weight_problems(params, at, params.studies[study], scale)
        yield from _method_problems(params, at, params.studies[study], scale)
        if params.studies[study].by_part:
            yield from _whole_view_problems(params, at, scale)


def _names(params: Params, at: str, scale: Scale) -> Iterator[Problem]:
    inputs = [scale.input, *scale.inputs.values()]
    yield from missing(f"{at}.input", inputs, params.inputs, "inputs")
    yield from missing(f"{at}.inputs", scale.inputs, params.networks, "networks")
    yield from missing(f"{at}.budget", [scale.budget], params.budgets, "budgets")
    yield from missing(f"{at}.budgets", scale.budgets.values(), params.budgets, "budgets")
    methods = [*scale.methods, *scale.methods.values(), *scale.budgets]
    yield from missing(f"{at}.methods", methods, params.methods, "methods")
    yield from missing(f"{at}.sites", scale.sites.values(), params.sites, "sites")
    both = [*scale.networks, *scale.networks.values()]
    yield from missing(f"{at}.networks", both, params.networks, "networks")


def _layout(params: Params, row: str) -> LayoutOptions | None:
    """Return the options of a site's layout; None where the site itself cannot be used."""
    try:
        return layout_options(params.sites[row])
    except (kinds.KindError, ValidationError):
        return None


def _site_problems(params: Params, at: str, study: Study, scale: Scale) -> Iterator[Problem]:
    """Yield the sites whose scans have findings where the study wants labels, or the reverse."""
    for site, row in scale.sites.items():
        options = _layout(params, row)
        if options is None:
            continue
        if options.has_findings == (study.findings is not None):
            yield from _class_problems(f"{at}.sites.{site}", study, row, options)
            continue
        gives, wants = "one label", "learns `findings`"
        if options.has_findings:
            gives, wants = "findings", "has no `findings` to learn"
        others = ", ".join(_layouts(has_findings=study.findings is not None))
        yield Problem(
            f"{at}.sites.{site}",
            f"the layout {params.sites[row].layout} of '{row}' gives a scan {gives}, but the study "
            f"{wants}; its layouts are {others}",
        )


def _class_problems(at: str, study: Study, row: str, options: LayoutOptions) -> Iterator[Problem]:
    """Yield what is wrong with a site whose labels are not among the study's classes."""
    if study.findings is not None or study.categories is not None:
        return
    if options.highest_label >= len(study.classes):
        yield Problem(
            at,
            f"the options of '{row}' give label {options.highest_label}, but the study has "
            f"{len(study.classes)} classes, from 0 to {len(study.classes) - 1}",
        )
    if study.exclusive and not options.own_labels:
        yield Problem(
            at,
            f"the layout of '{row}' gives 0 and 1 only, which would be read as "
            f"{study.classes[0]} and {study.classes[1]}; a study of {len(study.classes)} classes "
            "needs a site whose options say which class each scan is of",
        )


def _layouts(*, has_findings: bool) -> list[str]:
    """Return the layouts that can give scans findings, or one label."""
    rows = {name: kinds.row_class("layouts", name) for name in kinds.names("layouts")}
    given = {name: getattr(row, "has_findings", None) for name, row in rows.items()}
    # a property: it depends on the site's options
    return [name for name, has in given.items() if has is has_findings or isinstance(has, property)]


def _input_problems(params: Params, at: str, scale: Scale) -> Iterator[Problem]:
    rows = dict.fromkeys([scale.input, *scale.inputs.values()])
    for budget, row in product(scale.every_budget, rows):
        changes, kind = params.budgets[budget].training.augmentation, params.inputs[row].kind
        if kind != changes.input_kind:
            yield Problem(
                f"{at}.budget",
                f"'{budget}' has augmentation for inputs of kind {changes.input_kind}, but "
                f"input '{row}' is of kind {kind}; name another budget or input",
            )


def _network_problems(params: Params, at: str, study: Study, scale: Scale) -> Iterator[Problem]:
    for network in dict.fromkeys(arm.network for arm in study.arms.values()):
        row = scale.networks.get(network, network)
        if row not in params.networks:
            continue  # the arm is told
        takes = params.networks[row].dimensions
        input_row = scale.inputs.get(network, scale.input)
        given = len(params.inputs[input_row].shape) - 1
        if takes not in (None, given):
            yield Problem(
                f"{at}.input",
                f"'{input_row}' has {given} dimensions, but network '{row}' takes {takes}; name "
                "another input or network",
            )


def _batch_problems(params: Params, at: str, study: Study, scale: Scale) -> Iterator[Problem]:
    for method in dict.fromkeys(arm.method for arm in study.arms.values()):
        row = scale.methods.get(method, method)
        budget = scale.budgets.get(method, scale.budget)
        size = params.budgets[budget].training.batch_size
        least = params.methods[row].least_batch if row in params.methods else 1
        if size < least:
            yield Problem(
                f"{at}.budget",
                f"'{budget}' has training.batch_size {size}, but method '{method}' needs "
                f"{least} or more",
            )


def _weight_problems(params: Params, at: str, study: Study, scale: Scale) -> Iterator[Problem]:
    for budget in scale.every_budget:
        weights = params.budgets[budget].training.class_weights
        if weights is None:
            continue
        if study.findings is not None:
            yield Problem(
                f"{at}.budget",
                f"'{budget}' has training.class_weights, but the study's scans have findings, "
                "not classes; name a budget without",
            )
        elif len(weights) != len(study.classes):
            yield Problem(
                f"{at}.budget",
                f"'{budget}' has {len(weights)} training.class_weights, but the study has "
                f"{len(study.classes)} classes: {', '.join(study.classes)}; give one for each",
            )


def _method_problems(params: Params, at: str, study: Study, scale: Scale) -> Iterator[Problem]:
    """Yield the arms whose method cannot learn from their sites at this scale."""
    for method, row in scale.methods.items():
        if params.methods[method].kind != params.methods[row].kind:
            yield Problem(
                f"{at}.methods.{method}",
                f"'{row}' is of kind {params.methods[row].kind}, but '{method}' of kind "
                f"{params.methods[method].kind}; what stands in is smaller, not another method",
            )
        elif params.methods[method].site_specific != params.methods[row].site_specific:
            yield Problem(
                f"{at}.methods.{method}",
                f"'{row}' cannot stand in for '{method}': one of them gives every site layers of "
                "its own",
            )
    for name, arm in study.arms.items():
        row = scale.methods.get(arm.method, arm.method)
        if row not in params.methods or not {*arm.sites} <= {*scale.sites}:
            continue  # the arm is told
        sites = tuple(scale.sites[site] for site in arm.sites)
        for sentence in params.methods[row].refusals(sites):
            yield Problem(f"{at}.methods", f"arm '{name}': method '{row}' {sentence}")


def _whole_view_problems(params: Params, at: str, scale: Scale) -> Iterator[Problem]:
    for row in dict.fromkeys([scale.input, *scale.inputs.values()]):
        if not params.inputs[row].one_view:
            yield Problem(
                f"{at}.input",
                f"'{row}' is seen in windows, but findings and more than two classes need an input "
                "of which all views of a scan count, such as kind image or slices",
            )
    if any(params.budgets[budget].prediction.mc_passes for budget in scale.every_budget):
        yield Problem(
            f"{at}.budget",
            "findings and more than two classes have no Monte-Carlo passes; name a budget with "
            "mc_passes: 0",
        )
