"""study_checks: what is wrong with a study: its names, its arms and what it compares."""

from __future__ import annotations

from collections.abc import Iterator

from elsewhere.design import federation_checks, scale_checks, second_stage_checks, start_checks
from elsewhere.design.arm import Arm
from elsewhere.design.problem import Problem, listed, missing
from elsewhere.design.split import Split
from elsewhere.design.study import Study
from elsewhere.design.tables import Params


def problems(params: Params, name: str) -> Iterator[Problem]:
    """Yield every setting of a study that cannot be used beside the others."""
    at, study = f"studies.{name}", params.studies[name]
    for scale in study.scales:
        yield from scale_checks.problems(params, name, scale)
    for arm in study.arms:
        yield from _arm_problems(params, name, arm)
    declared, table = _sites(study), f"{at}.scales.*.sites"
    yield from missing(f"{at}.averages_without", study.averages_without, declared, table)
    yield from missing(f"{at}.external", study.external, declared, table)
    yield from _split_problems(at, study)
    yield from _comparison_problems(at, study)
    yield from _review_problems(at, study)
    if study.exclusive:
        yield from _class_problems(at, study)
    yield from second_stage_checks.problems(params, name)
    if study.findings is not None and study.explain is not None:
        yield Problem(f"{at}.explain", "Grad-CAM and embeddings are made of scans with one label")


def _class_problems(at: str, study: Study) -> Iterator[Problem]:
    """Yield what a study of more than two classes cannot have."""
    if study.findings is not None:
        yield Problem(
            f"{at}.classes",
            f"names {len(study.classes)} classes, but scans with findings have two: none of them, "
            "or any",
        )


def _sites(study: Study) -> set[str]:
    """Return the study's own names of sites."""
    return {site for scale in study.scales.values() for site in scale.sites}


def _split_problems(at: str, study: Study) -> Iterator[Problem]:
    """Yield what is wrong with how patients are divided, at any scale."""
    threshold = study.scoring.threshold_from
    if study.external and threshold == "test_site":
        yield Problem(
            f"{at}.scoring.threshold_from",
            f"is test_site, but the external sites {listed(study.external)} have no validation "
            "part; choose training_sites",
        )
    splits = {f"{at}.split": study.split} | {
        f"{at}.scales.{name}.split": scale.split for name, scale in study.scales.items()
    }
    for key, split in splits.items():
        if split is None:
            continue
        if split.kind != "fixed_test" and split.validation == 0:
            yield from _validation_problems(key, study)
        yield from _stated_problems(f"{key}.test_patients", study, split)
        allowed = f"{key}.allow"
        yield from missing(allowed, split.allow, _sites(study), "the sites of the study's scales")


def _stated_problems(at: str, study: Study, split: Split) -> Iterator[Problem]:
    """Yield what is wrong with stated numbers of test patients (C-08)."""
    yield from missing(at, split.test_patients, _sites(study), "the sites of the study's scales")
    for site, counts in split.test_patients.items():
        yield from missing(f"{at}.{site}", counts, study.classes, "the study's classes")
    if split.test_patients and study.external:
        yield Problem(
            at, "is set, but the study has external sites, which decide what is tested; choose one"
        )
    if split.test_patients and study.findings is not None:
        yield Problem(at, "counts patients of a class, but scans have findings; leave it out")


def _validation_problems(at: str, study: Study) -> Iterator[Problem]:
    """Yield what needs a validation part where there is none."""
    arms = [
        name
        for name, arm in study.arms.items()
        if arm.selection == "validation" and arm.models_of is None
    ]
    if arms:
        others = f" and {len(arms) - 1} others" if len(arms) > 1 else ""
        yield Problem(
            f"{at}.validation",
            f"is 0, but validation patients choose the weights of arm '{arms[0]}'{others}; give a "
            "share such as 0.1",
        )
    threshold = study.scoring.threshold_from
    if threshold != "argmax":
        yield Problem(
            f"{at}.validation",
            f"is 0, but scoring.threshold_from is {threshold} and needs validation patients; give "
            "a share such as 0.1, or choose argmax",
        )


def _arm_problems(params: Params, name: str, arm_name: str) -> Iterator[Problem]:
    study = params.studies[name]
    at, arm = f"studies.{name}.arms.{arm_name}", study.arms[arm_name]
    yield from missing(f"{at}.method", [arm.method], params.methods, "methods")
    yield from missing(f"{at}.network", [arm.network], params.networks, "networks")
    table = f"studies.{name}.scales.*.sites"
    yield from missing(f"{at}.sites", arm.sites, _sites(study), table)
    for site in arm.sites:
        if site in study.external:
            yield Problem(
                f"{at}.sites",
                f"'{site}' is external, all its scans are tested; no arm trains on it",
            )
    if arm.method in params.methods:
        yield from _method_problems(params, at, study, arm)
    if arm.models_of is not None:
        yield from _models_problems(at, study, arm)
    yield from start_checks.problems(params, name, arm_name)
    yield from federation_checks.problems(params, name, arm_name)


def _method_problems(params: Params, at: str, study: Study, arm: Arm) -> Iterator[Problem]:
    method = params.methods[arm.method]
    if method.site_specific and arm.unseen is None:
        yield Problem(
            f"{at}.unseen",
            f"is missing, but method '{arm.method}' gives every site layers of its own; choose "
            "mean, nearest, test_time or ensemble for other sites (D-44)",
        )
    if not method.site_specific and (arm.unseen is not None or arm.anonymous):
        yield Problem(
            at,
            f"unseen and anonymous change nothing with method '{arm.method}', which treats all "
            "sites alike; leave them out",
        )
    if study.findings is not None and method.one_label:
        yield Problem(
            f"{at}.method",
            f"'{arm.method}' compares scans by their one class, and these have findings",
        )


def _models_problems(at: str, study: Study, arm: Arm) -> Iterator[Problem]:
    yield from missing(f"{at}.models_of", [arm.models_of], study.arms, "arms")
    other: Arm = study.arms.get(arm.models_of or "", arm)
    for field in ("sites", "method", "network", "selection"):
        if getattr(other, field) != getattr(arm, field):
            yield Problem(f"{at}.{field}", f"is not that of {arm.models_of} (models_of)")
    if other is not arm and other.models_of is not None:
        yield Problem(f"{at}.models_of", f"{arm.models_of} has no models of its own")


def _comparison_problems(at: str, study: Study) -> Iterator[Problem]:
    table = f"{at}.arms"
    for number, chosen in enumerate(study.comparisons):
        here = f"{at}.comparisons.{number}"
        yield from missing(f"{here}.arm", [chosen.arm], study.arms, table)
        yield from missing(f"{here}.against", chosen.against, study.arms, table)
        if chosen.arm in chosen.against:
            yield Problem(f"{here}.against", f"'{chosen.arm}' would be its own rival")
    pairs = [{row.arm, against} for row in study.comparisons for against in row.against]
    if any(pair in pairs[:number] for number, pair in enumerate(pairs)):
        yield Problem(f"{at}.comparisons", "compares two arms twice")
    for name, arms in (study.roc_panels or {}).items():
        yield from missing(f"{at}.roc_panels.{name}", arms, study.arms, table)
    if study.explain is not None:
        yield from missing(f"{at}.explain.arms", study.explain.arms, study.arms, table)


def _review_problems(at: str, study: Study) -> Iterator[Problem]:
    known = study.findings.labels if study.findings else {}
    table = f"{at}.findings.labels"
    if study.review is not None:
        here, sites = f"{at}.review", f"{at}.scales.*.sites"
        yield from missing(f"{here}.finding", [study.review.finding], known, table)
        yield from missing(f"{here}.arms", study.review.arms, study.arms, f"{at}.arms")
        yield from missing(f"{here}.site", [study.review.site], _sites(study), sites)
        if len({*study.review.arms}) < len(study.review.arms):
            yield Problem(f"{here}.arms", "names an arm twice")
    if study.subgroups is not None:
        yield from missing(f"{at}.subgroups.finding", [study.subgroups.finding], known, table)
