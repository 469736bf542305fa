"""params: reads all settings, checks them and tells every one that cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from elsewhere.design import checks, wording
from elsewhere.design.merge import Settings, read
from elsewhere.design.problem import message
from elsewhere.design.reading import ParamsError
from elsewhere.design.tables import Params

__all__ = ["Params", "ParamsError", "Settings", "at_key", "load", "parse", "read"]


def parse(values: Mapping[str, Any]) -> Params:
    """Check plain values against the tables.

    Raises
    ------
    ParamsError
        Naming every key that is wrong, what was expected, and the file where that is known.
    """
    try:
        params = Params.model_validate(values)
    except ValidationError as error:
        problems = wording.problems(error, values, Params)
        raise ParamsError(message(problems, values)) from error
    problems = list(checks.problems(params))
    if problems:
        raise ParamsError(message(problems, values))
    return params


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
            raise ParamsError(f"settings: nothing at '{key}' (no '{part}')") from None
    return values


def load(top: Path = Path()) -> Params:
    """Read and check the settings of a project: its params.yaml and config/."""
    return parse(read(top))
