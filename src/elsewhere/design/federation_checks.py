"""federation_checks: what is wrong with an arm whose model hospitals have trained together."""

from __future__ import annotations

from collections.abc import Iterator

from elsewhere.design.methods.fedavg import Fedavg
from elsewhere.design.problem import Problem
from elsewhere.design.tables import Params


def problems(params: Params, name: str, arm_name: str) -> Iterator[Problem]:
    """Yield why an arm cannot take over the model that its ``federation`` names."""
    study = params.studies[name]
    arm = study.arms[arm_name]
    if arm.federation is None:
        return
    at = f"studies.{name}.arms.{arm_name}.federation"
    if arm.models_of is not None or arm.starts_from is not None:
        yield Problem(at, "the arm trains nothing here; leave models_of and starts_from out")
    later = [other for other, row in study.arms.items() if row.starts_from == arm_name]
    if later:
        yield Problem(at, f"arm {later[0]} starts from this one; only a model trained here can be")
    method = params.methods.get(arm.method)
    if method is None:
        return
    if not isinstance(method, Fedavg):
        yield Problem(at, f"method '{arm.method}' is no federation; name one of the kind fedavg")
    elif method.batch_norm == "local":
        yield Problem(
            at,
            f"method '{arm.method}' has batch_norm: local, so each hospital keeps layers that "
            "did not come with the model; only `averaged` can be imported",
        )
