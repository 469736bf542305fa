"""start_checks: what is wrong with an arm that starts from the model of another (C-20)."""

from __future__ import annotations

from collections.abc import Iterator

from elsewhere.design.problem import Problem, missing
from elsewhere.design.study import Study
from elsewhere.design.tables import Params


def problems(params: Params, name: str, arm_name: str) -> Iterator[Problem]:
    """Yield why an arm cannot start from the model that its ``starts_from`` names."""
    study = params.studies[name]
    arm = study.arms[arm_name]
    if arm.starts_from is None:
        return
    at = f"studies.{name}.arms.{arm_name}.starts_from"
    yield from missing(at, [arm.starts_from], study.arms, f"studies.{name}.arms")
    if arm.models_of is not None:
        yield Problem(at, "an arm with models_of trains none; leave one of the two out")
    other = study.arms.get(arm.starts_from)
    if other is None:
        return
    if other.models_of is not None:
        yield Problem(at, f"{arm.starts_from} has no models of its own; name {other.models_of}")
    if other.network != arm.network:
        yield Problem(
            at,
            f"the network of {arm.starts_from} is '{other.network}', that of this arm "
            f"'{arm.network}'; both must be the same",
        )
    method = params.methods.get(other.method)
    if method is not None and method.site_specific:
        yield Problem(
            at,
            f"method '{other.method}' of {arm.starts_from} gives every site layers of its own, "
            "which another arm has not; start from an arm whose method treats all sites alike",
        )
    circle = _circle(study, arm_name)
    if circle:
        yield Problem(at, f"goes round in a circle: {' -> '.join(circle)}")


def _circle(study: Study, arm_name: str) -> list[str]:
    """Return the arms from this one back to itself; empty if the chain ends."""
    chain = [arm_name]
    while True:
        arm = study.arms.get(chain[-1])
        if arm is None or arm.starts_from is None:
            return []
        chain.append(arm.starts_from)
        if chain[-1] == arm_name:
            return chain
        if chain[-1] in chain[:-1]:
            return []  # a circle of others, of which they are told
