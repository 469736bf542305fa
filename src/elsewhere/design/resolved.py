"""resolved: what a run of a study would use, each value with the file or row that it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from elsewhere.design.graph import stages
from elsewhere.design.merge import Key, Settings
from elsewhere.design.params import Params, ParamsError
from elsewhere.design.study import Scale

_DEFAULT = "default"
_COLUMN = 60


@dataclass(frozen=True)
class _Value:
    """A list or a single value, and where it was written; "" for what is derived."""

    value: Any
    origin: str = ""


_Shown = dict[str, Any]  # names to `_Value` or to more of the same


def resolved(params: Params, values: Settings, name: str) -> str:
    """Return a study at the present scale as YAML: rows instead of names, and the number of jobs.

    A comment behind a value or a table says where it was written, once for all that is below it.

    Parameters
    ----------
    params
        The typed tables.
    values
        The plain values of the same, with their origins.
    name
        The study.

    Raises
    ------
    ParamsError
        If the study has no such scale.
    """
    study = params.studies[name]
    if params.scale not in study.scales:
        known = ", ".join(sorted(study.scales))
        raise ParamsError(f"study '{name}' has no scale '{params.scale}', it has {known}")
    scale = study.scales[params.scale]
    networks = sorted({arm.network for arm in study.arms.values()})
    methods = sorted({params.method_of(name, arm) for arm in study.arms})
    inputs = dict.fromkeys(params.input_of(name, arm) for arm in study.arms)
    row = _row(params, values, ("studies", name))
    del row["scales"]
    row["arms"] = {arm: _without_defaults(shown) for arm, shown in row["arms"].items()}
    shown: _Shown = {
        "study": _Value(name),
        "scale": _Value(params.scale, str(values.origin(("scale",)))),
        **row,
        "seeds": _Value(list(scale.seeds), _of_scale(params, values, name, "seeds")),
        "sites": {
            site: {"row": _Value(row), **_row(params, values, ("sites", row))}
            for site, row in scale.sites.items()
        },
        "inputs": {row: _row(params, values, ("inputs", row)) for row in inputs},
        "networks": {
            network: {"row": _Value(row), **_row(params, values, ("networks", row))}
            for network in networks
            for row in [scale.networks.get(network, network)]
        },
        "methods": {row: _row(params, values, ("methods", row)) for row in methods},
        "budget": {"row": _Value(scale.budget), **_row(params, values, ("budgets", scale.budget))},
        **_other_budgets(params, values, scale),
        "jobs": {step: _Value(count) for step, count in _jobs(params, name).items()},
    }
    return "\n".join(_lines(shown)) + "\n"


def _other_budgets(params: Params, values: Settings, scale: Scale) -> _Shown:
    """Return the budgets of the methods that have another than the study's."""
    if not scale.budgets:
        return {}
    budgets: _Shown = {
        method: {"row": _Value(row), **_row(params, values, ("budgets", row))}
        for method, row in scale.budgets.items()
    }
    return {"budgets": budgets}


def _jobs(params: Params, study: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for stage in stages(params.model_copy(update={"run": (study,)})).values():
        counts[stage.step] = counts.get(stage.step, 0) + 1
    return counts


def _of_scale(params: Params, values: Settings, study: str, field: str) -> str:
    return str(values.origin(("studies", study, "scales", params.scale, field)))


def _row(params: Params, values: Settings, key: Key) -> _Shown:
    """Return a row with its defaults, and where each of its values was written."""
    table, name = key
    return _shown(getattr(params, table)[name].model_dump(mode="json"), values, key)


def _shown(value: dict[str, Any], values: Settings, at: Key) -> _Shown:
    found: _Shown = {}
    for key, below in value.items():
        here = (*at, key)
        if isinstance(below, dict) and below:
            found[key] = _shown(below, values, here)
        else:
            origin = str(values.origins[here]) if here in values.origins else _DEFAULT
            found[key] = _Value(below, origin)
    return found


def _without_defaults(shown: _Shown) -> _Shown:
    return {key: below for key, below in shown.items() if _origins(below) != {_DEFAULT}}


def _origins(shown: _Shown | _Value) -> set[str]:
    if isinstance(shown, _Value):
        return {shown.origin}
    return {origin for below in shown.values() for origin in _origins(below)}


def _lines(shown: _Shown, depth: int = 0, *, known: str = "") -> Iterator[str]:
    """Yield the lines of a table; `known` is the origin that a line above has named already."""
    for key, below in shown.items():
        origins = _origins(below) - {"", _DEFAULT}
        origin = origins.pop() if len(origins) == 1 else known if not origins else ""
        text = "  " * depth + _scalar(key) + ":"
        if isinstance(below, _Value):
            text += f" {_scalar(below.value)}"
            if below.origin == _DEFAULT:
                origin = _DEFAULT
        yield f"{text:{_COLUMN}}  # {origin}" if origin and origin != known else text
        if not isinstance(below, _Value):
            yield from _lines(below, depth + 1, known=origin or known)


def _scalar(value: Any) -> str:
    """Return a value on one line of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, width=10**9, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")
