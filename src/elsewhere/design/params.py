"""params: the typed tables of params.yaml; unknown keys are refused, names are resolved at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from elsewhere.design.parts import (
    Budget,
    Erm,
    Input,
    IntakeRow,
    Name,
    NetworkRow,
    Row,
    Site,
)
from elsewhere.design.pulls import ArchiveRow, PullRow
from elsewhere.design.reading import ParamsError, read
from elsewhere.design.study import Study

__all__ = ["Params", "ParamsError", "at_key", "load", "parse", "read"]


class Params(Row):
    """All that a user sets."""

    scale: Name
    run: tuple[Name, ...] = Field(min_length=1)
    intakes: dict[Name, IntakeRow]
    sites: dict[Name, Site]
    phantoms: dict[Name, dict[str, Any]]
    inputs: dict[Name, Input]
    networks: dict[Name, NetworkRow]
    methods: dict[Name, Erm]
    budgets: dict[Name, Budget]
    archives: dict[Name, ArchiveRow] = Field(default_factory=dict)
    pulls: dict[Name, PullRow] = Field(default_factory=dict)
    studies: dict[Name, Study]

    @model_validator(mode="after")
    def _names_resolve(self) -> Params:
        for problem in self._problems():
            raise ValueError(problem)
        return self

    def _problems(self) -> list[str]:
        found = []
        for name in self.run:
            if name not in self.studies:
                found.append(f"run: no study '{name}'; there are {_list(self.studies)}")
            elif self.scale not in self.studies[name].scales:
                known = _list(self.studies[name].scales)
                found.append(
                    f"scale: study '{name}' has no scale '{self.scale}', it has {known}; "
                    "choose one of these or take the study out of run"
                )
        for name, study in self.studies.items():
            found += self._study_problems(f"studies.{name}", study)
        for name, site in self.sites.items():
            found += _missing(f"sites.{name}.intake", [site.intake], self.intakes, "intakes")
        for name, row in self.pulls.items():
            found += _missing(f"pulls.{name}.archive", [row.archive], self.archives, "archives")
            found += _missing("pulls", [name], self.sites, "sites")
        for name in self.phantoms:
            if name not in self.sites or not self.sites[name].synthetic:
                found.append(f"phantoms.{name}: sites.{name} is missing or not `synthetic: true`")
        return found

    def _study_problems(self, at: str, study: Study) -> list[str]:
        found = []
        for scale_name, scale in study.scales.items():
            where = f"{at}.scales.{scale_name}"
            found += _missing(f"{where}.input", [scale.input], self.inputs, "inputs")
            found += _missing(f"{where}.budget", [scale.budget], self.budgets, "budgets")
            found += _missing(f"{where}.sites", scale.sites.values(), self.sites, "sites")
            both = [*scale.networks, *scale.networks.values()]
            found += _missing(f"{where}.networks", both, self.networks, "networks")
        declared = {site for scale in study.scales.values() for site in scale.sites}
        for arm_name, arm in study.arms.items():
            where = f"{at}.arms.{arm_name}"
            found += _missing(f"{where}.method", [arm.method], self.methods, "methods")
            found += _missing(f"{where}.network", [arm.network], self.networks, "networks")
            found += _missing(f"{where}.sites", arm.sites, declared, f"{at}.scales.*.sites")
        found += _missing(f"{at}.averages_without", study.averages_without, declared, at)
        return found


def _list(names: Any) -> str:
    return ", ".join(sorted(names))


def _missing(at: str, names: Any, table: Any, table_name: str) -> list[str]:
    return [
        f"{at}: '{name}' is not in {table_name}; there are {_list(table)}"
        for name in names
        if name not in table
    ]


def parse(values: dict[str, Any]) -> Params:
    """Check plain values against the tables.

    Raises
    ------
    ParamsError
        Naming every key that is wrong and what was expected.
    """
    try:
        return Params.model_validate(values)
    except ValidationError as error:
        lines = []
        for item in error.errors():
            at = ".".join(str(part) for part in item["loc"]) or "params"
            got = item.get("input")
            shown = f" (got {got!r})" if isinstance(got, str | int | float | bool) else ""
            lines.append(f"  {at}: {item['msg'].removeprefix('Value error, ')}{shown}")
        raise ParamsError("params.yaml cannot be used:\n" + "\n".join(lines)) from error


def at_key(values: Any, key: str) -> Any:
    """Return what stands at a dotted key, in plain values or in the typed tables.

    Raises
    ------
    ParamsError
        If there is nothing at this key.
    """
    for part in key.split("."):
        try:
            values = values[part] if isinstance(values, dict) else getattr(values, part)
        except (KeyError, AttributeError):
            raise ParamsError(f"params.yaml: nothing at '{key}' (no '{part}')") from None
    return values


def load(path: Path = Path("params.yaml")) -> Params:
    """Read and check params.yaml."""
    return parse(read(path))
