"""params: the typed tables of params.yaml; unknown keys are refused, names are resolved at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from elsewhere.design import shown
from elsewhere.design.archive_rows import ArchiveRow
from elsewhere.design.arm import Arm
from elsewhere.design.budgets import Budget
from elsewhere.design.kinds import Of
from elsewhere.design.paths import INTERNAL
from elsewhere.design.phantom_rows import PhantomRow
from elsewhere.design.pulls import PullRow
from elsewhere.design.reading import ParamsError, read
from elsewhere.design.rows import InputRow, MethodRow, Name, NetworkRow, Row
from elsewhere.design.site import IntakeRow, Site
from elsewhere.design.study import Scale, Study

__all__ = ["Params", "ParamsError", "at_key", "load", "parse", "read"]


class Params(Row):
    """All that a user sets."""

    scale: Name
    run: tuple[Name, ...] = Field(min_length=1)
    intakes: dict[Name, IntakeRow]
    sites: dict[Name, Site]
    phantoms: dict[Name, Annotated[PhantomRow, Of("phantoms")]]
    inputs: dict[Name, Annotated[InputRow, Of("inputs")]]
    networks: dict[Name, Annotated[NetworkRow, Of("networks")]]
    methods: dict[Name, Annotated[MethodRow, Of("methods")]]
    budgets: dict[Name, Budget]
    archives: dict[Name, Annotated[ArchiveRow, Of("archives")]] = Field(default_factory=dict)
    pulls: dict[Name, PullRow] = Field(default_factory=dict)
    studies: dict[Name, Study]

    def scale_of(self, study: str) -> Scale:
        """Return the present scale of a study."""
        return self.studies[study].scales[self.scale]

    def input_of(self, study: str, arm: str) -> str:
        """Return the row of `inputs` that an arm's network sees at the present scale."""
        scale = self.scale_of(study)
        return scale.inputs.get(self.studies[study].arms[arm].network, scale.input)

    def network_of(self, study: str, arm: str) -> str:
        """Return the row of an arm's network: its own, or what stands in for it at this scale."""
        network = self.studies[study].arms[arm].network
        return self.scale_of(study).networks.get(network, network)

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
        if not found:  # which figures can be drawn depends on rows that must be there
            found += [problem for name in self.run for problem in shown.problems(self, name)]
        return found

    def _study_problems(self, at: str, study: Study) -> list[str]:
        found = []
        for scale_name, scale in study.scales.items():
            where = f"{at}.scales.{scale_name}"
            inputs = [scale.input, *scale.inputs.values()]
            found += _missing(f"{where}.input", inputs, self.inputs, "inputs")
            found += _missing(f"{where}.inputs", scale.inputs, self.networks, "networks")
            found += _missing(f"{where}.budget", [scale.budget], self.budgets, "budgets")
            found += _missing(f"{where}.sites", scale.sites.values(), self.sites, "sites")
            both = [*scale.networks, *scale.networks.values()]
            found += _missing(f"{where}.networks", both, self.networks, "networks")
            if INTERNAL in scale.sites.values():
                found.append(f"{where}.sites: no row may be called '{INTERNAL}', cells are")
        declared = {site for scale in study.scales.values() for site in scale.sites}
        for arm_name, arm in study.arms.items():
            where = f"{at}.arms.{arm_name}"
            found += _missing(f"{where}.method", [arm.method], self.methods, "methods")
            found += _missing(f"{where}.network", [arm.network], self.networks, "networks")
            found += _missing(f"{where}.sites", arm.sites, declared, f"{at}.scales.*.sites")
            found += self._arm_problems(where, study, arm)
        found += _missing(f"{at}.averages_without", study.averages_without, declared, at)
        found += _missing(f"{at}.external", study.external, declared, f"{at}.scales.*.sites")
        found += _comparison_problems(at, study)
        found += _review_problems(at, study, declared)
        return found + self._findings_problems(at, study)

    def _findings_problems(self, at: str, study: Study) -> list[str]:
        """Return what cannot be done with scans that have findings, or no label to choose by."""
        found = []
        if study.external and study.scoring.threshold_from == "test_site":
            found.append(
                f"{at}.scoring.threshold_from is test_site, but the external sites "
                f"{_list(study.external)} have no validation part; choose training_sites"
            )
        if study.findings is None:
            return found
        for name, scale in study.scales.items():
            inputs = {scale.input, *scale.inputs.values()} & set(self.inputs)
            if not all(self.inputs[row].one_view for row in inputs):
                found.append(
                    f"{at}.scales.{name}.input: findings need an "
                    "input whose scans are seen whole, such as kind image"
                )
            budget = self.budgets.get(scale.budget)
            if budget is not None and budget.prediction.mc_passes:
                found.append(
                    f"{at}.scales.{name}.budget: findings have no Monte-Carlo passes; name a "
                    "budget with mc_passes: 0"
                )
        for name, arm in study.arms.items():
            if arm.method in self.methods and self.methods[arm.method].one_label:
                found.append(
                    f"{at}.arms.{name}.method: '{arm.method}' compares scans by their one class, "
                    "and these have findings"
                )
        if study.explain is not None:
            found.append(f"{at}.explain: Grad-CAM and embeddings are made of scans with one label")
        return found

    def _arm_problems(self, where: str, study: Study, arm: Arm) -> list[str]:
        found = [
            f"{where}.sites: '{site}' is external, all its scans are tested; no arm trains on it"
            for site in arm.sites
            if site in study.external
        ]
        if arm.method in self.methods:
            own = self.methods[arm.method].site_specific
            if own and arm.unseen is None:
                found.append(
                    f"{where}.unseen is missing: method '{arm.method}' gives every site layers of "
                    "its own; choose mean, nearest, test_time or ensemble for other sites (D-44)"
                )
            if not own and (arm.unseen is not None or arm.anonymous):
                found.append(
                    f"{where}: unseen and anonymous change nothing with method '{arm.method}', "
                    "which treats all sites alike; leave them out"
                )
        if arm.models_of is not None:
            found += _missing(f"{where}.models_of", [arm.models_of], study.arms, "arms")
            other: Arm = study.arms.get(arm.models_of, arm)
            for field in ("sites", "method", "network", "selection"):
                if getattr(other, field) != getattr(arm, field):
                    found.append(f"{where}.{field} is not that of {arm.models_of} (models_of)")
            if other is not arm and other.models_of is not None:
                found.append(f"{where}.models_of: {arm.models_of} has no models of its own")
        return found


def _comparison_problems(at: str, study: Study) -> list[str]:
    found = []
    table = f"{at}.arms"
    for number, chosen in enumerate(study.comparisons):
        here = f"{at}.comparisons.{number}"
        found += _missing(f"{here}.arm", [chosen.arm], study.arms, table)
        found += _missing(f"{here}.against", chosen.against, study.arms, table)
        if chosen.arm in chosen.against:
            found.append(f"{here}.against: '{chosen.arm}' would be its own rival")
    pairs = [{one.arm, against} for one in study.comparisons for against in one.against]
    if any(pair in pairs[:number] for number, pair in enumerate(pairs)):
        found.append(f"{at}.comparisons compares two arms twice")
    for name, arms in (study.roc_panels or {}).items():
        found += _missing(f"{at}.roc_panels.{name}", arms, study.arms, table)
    if study.explain is not None:
        found += _missing(f"{at}.explain.arms", study.explain.arms, study.arms, table)
    return found


def _review_problems(at: str, study: Study, declared: set[str]) -> list[str]:
    known = study.findings.labels if study.findings else {}
    table, found = f"{at}.findings.labels", []
    if study.review is not None:
        here = f"{at}.review"
        found += _missing(f"{here}.finding", [study.review.finding], known, table)
        found += _missing(f"{here}.arms", study.review.arms, study.arms, f"{at}.arms")
        found += _missing(f"{here}.site", [study.review.site], declared, f"{at}.scales.*.sites")
        if len({*study.review.arms}) < len(study.review.arms):
            found.append(f"{here}.arms names an arm twice")
    if study.subgroups is not None:
        found += _missing(f"{at}.subgroups.finding", [study.subgroups.finding], known, table)
    return found


def _list(names: Any) -> str:
    return ", ".join(sorted(names))


def _missing(at: str, names: Any, table: Any, table_name: str) -> list[str]:
    return [
        f"{at}: '{name}' is not in {table_name}; there are {_list(table) or 'none'}"
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
