"""arms: which arms of a study train models, and in which order (C-20)."""

from __future__ import annotations

from collections.abc import Iterable

from elsewhere.design.study import Study


def trained(study: Study) -> list[str]:
    """Return the arms that train models of their own."""
    return [name for name, arm in study.arms.items() if arm.models_of is None]


def from_first(study: Study, arms: Iterable[str]) -> list[str]:
    """Return arms, each after the ones from whose models it starts (C-20)."""
    ordered: dict[str, None] = {}
    for arm in arms:
        chain = [arm]
        while (before := study.arms[chain[-1]].starts_from) is not None:
            chain.append(before)
        ordered.update(dict.fromkeys(reversed(chain)))
    return [*ordered]
