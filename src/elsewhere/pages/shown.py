"""shown: how pages write numbers, the filters of the templates."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from elsewhere.figures import words

# as in every figure, whose style needs matplotlib
SYNTHETIC = "SYNTHETIC DATA: shows that the machinery works, nothing about patients"


def number(value: Any, *, digits: int = 2) -> str:
    """Write a number with this many decimals; a missing one as a dash."""
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return "–"
    return words.number(float(value), digits=digits)


def count(value: Any) -> str:
    """Write a count with commas; a missing one as a dash."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    return f"{int(value):,}"


def interval(found: Mapping[str, Any], name: str, *, digits: int = 2) -> str:
    """Write the interval of a number of a cell, or nothing where it has none."""
    low, high = found.get(f"{name}_low"), found.get(f"{name}_high")
    if low is None or high is None:
        return ""
    return f"{number(low, digits=digits)} to {number(high, digits=digits)}"  # ends may be negative


def counted(cell: Mapping[str, Any], pooled: Mapping[str, Any]) -> str:
    """Write a cell's test patients, then scans, and how many of either are positive."""
    if "n_positive" not in pooled:  # of several classes at once
        return f"{words.sizes(pooled['n_patients'], pooled['n_scans'])}."
    lines = words.counts({**cell, "pooled": pooled}).split("\n")
    return f"{'; '.join(lines)}."


FILTERS: dict[str, Callable[..., Any]] = {
    # in a template, digits are the second argument
    "number": lambda value, digits=2: number(value, digits=digits),
    "count": count,
    "interval": lambda found, name, digits=2: interval(found, name, digits=digits),
    "p": words.p_value,
    "tested": words.tested,
    "counted": counted,
}
