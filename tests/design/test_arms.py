"""arms: which arms train, and in which order."""

from elsewhere.design import arms
from elsewhere.design.arm import Arm
from elsewhere.design.study import Study


def study(**starts: str | None) -> Study:
    rows = {
        name: Arm(sites=("a",), method="erm", network="n", starts_from=before)
        for name, before in starts.items()
    }
    return Study.model_construct(arms=rows)


def test_an_arm_stands_after_those_from_whose_models_it_starts_c20() -> None:
    given = study(third="second", alone=None, second="first", first=None)
    assert arms.trained(given, given.arms) == ["first", "second", "third", "alone"]
    assert arms.trained(given, ["second"]) == ["first", "second"]
    assert arms.trained(given, ["alone", "first"]) == ["alone", "first"]


def test_an_arm_with_the_models_of_another_needs_those() -> None:
    other = Arm(sites=("a",), method="erm", network="n", models_of="second")
    given = Study.model_construct(arms={"other": other, **study(second="first", first=None).arms})
    assert arms.trained(given, given.arms) == ["first", "second"]
