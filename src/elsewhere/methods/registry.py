"""registry: the kinds of method; only the one in use is imported."""

from __future__ import annotations

from importlib import import_module

from elsewhere.design.parts import Erm
from elsewhere.methods.method import Method

METHODS = {"erm": "elsewhere.methods.erm:EmpiricalRisk"}


def build(row: Erm) -> Method:
    """Return the method of a row of `methods`.

    Raises
    ------
    KeyError
        If no method of this kind is registered.
    """
    if row.kind not in METHODS:
        raise KeyError(f"method kind '{row.kind}' is not registered; there are {sorted(METHODS)}")
    module, name = METHODS[row.kind].split(":")
    method = getattr(import_module(module), name)()
    if not isinstance(method, Method):
        raise TypeError(f"{METHODS[row.kind]} is not a Method")
    return method
