"""arm_labels: what arms are called in figures, on pages and in answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from elsewhere.design.arm import Arm

ON_TEST = " (optimistic: chosen on test)"


def labels(arms: Mapping[str, Arm], titles: Mapping[str, str]) -> dict[str, str]:
    """Return what arms are called in figures and answers, by the titles of sites by name."""
    sites = {name: " + ".join(titles[site] for site in arm.sites) for name, arm in arms.items()}
    alike = Counter(sites[name] for name, arm in arms.items() if arm.title is None)
    return {
        name: _label(arm, sites[name], alone=alike[sites[name]] < 2) for name, arm in arms.items()
    }


def _label(arm: Arm, sites: str, *, alone: bool) -> str:
    """Return the name of an arm in figures, marked if weights were chosen on the test part."""
    label = arm.title or (sites if alone else f"{sites}, {arm.method}, {arm.network}")
    return f"{label}{ON_TEST}" if arm.selection == "test" else label
