"""arms: which arms of a study train models, and in which order (C-20)."""

from __future__ import annotations

from collections.abc import Iterable

from elsewhere.design.study import Study


def trained(study: Study, arms: Iterable[str]) -> list[str]:
    """Return the arms whose models these arms need, each after the one that it starts from."""
    ordered: dict[str, None] = {}
    for name in arms:
        chain = [study.arms[name].models_of or name]
        while (before := study.arms[chain[-1]].starts_from) is not None:
            chain.append(before)
        ordered.update(dict.fromkeys(reversed(chain)))
    return [*ordered]
