"""second_stage_checks: what is wrong with classes by category, and with a second stage."""

from __future__ import annotations

from collections.abc import Iterator

from elsewhere.design.problem import Problem, listed, missing
from elsewhere.design.second_stage import SecondStage
from elsewhere.design.study import Study
from elsewhere.design.tables import Params


def problems(params: Params, name: str) -> Iterator[Problem]:
    """Yield every setting of categories, or of a second stage, that cannot be used."""
    at, study = f"studies.{name}", params.studies[name]
    if study.categories is not None:
        yield from _category_problems(at, study)
    if study.second_stage is not None:
        here = f"{at}.second_stage"
        unknown = [*missing(f"{here}.study", [study.second_stage.study], params.studies, "studies")]
        yield from unknown
        if not unknown:
            yield from _stage_problems(params, name, study.second_stage)


def _category_problems(at: str, study: Study) -> Iterator[Problem]:
    given = study.categories or {}
    table = f"{at}.classes"
    yield from missing(f"{at}.categories", dict.fromkeys(given.values()), study.classes, table)
    empty = [name for name in study.classes if name not in given.values()]
    if empty:
        yield Problem(f"{at}.categories", f"no category is of class {listed(empty)}")
    if study.findings is not None:
        yield Problem(f"{at}.categories", "scans with findings have no classes; leave it out")


def _stage_problems(params: Params, name: str, stage: SecondStage) -> Iterator[Problem]:
    here, first = f"studies.{name}.second_stage", params.studies[stage.study]
    study, other = params.studies[name], f"studies.{stage.study}"
    yield from missing(f"{here}.arm", [stage.arm], first.arms, f"{other}.arms")
    yield from missing(f"{here}.called", [stage.called], first.classes, f"{other}.classes")
    if not first.exclusive or first.second_stage is not None:
        yield Problem(
            f"{here}.study", f"'{stage.study}' is no first study of more than two classes"
        )
    if study.findings is not None or study.external or first.external:
        yield Problem(here, "a second stage has no findings, and neither study external sites")
    if study.comparisons:
        sentence = (
            "is made of all test scans, and a second stage has those of one call; leave it out"
        )
        yield Problem(f"studies.{name}.comparisons", sentence)
    if study.split != first.split or any(scale.split for scale in study.scales.values()):
        yield Problem(
            f"studies.{name}.split",
            f"is not that of '{stage.study}': a second stage keeps the parts of its first study. "
            f"Write the split of '{stage.study}' here, and none into scales",
        )
    for scale, row in study.scales.items():
        if scale not in first.scales or first.scales[scale].sites != row.sites:
            yield Problem(
                f"studies.{name}.scales.{scale}.sites",
                f"are not those of '{stage.study}' at this scale; its calls are needed at each",
            )
