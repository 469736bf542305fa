"""registry: the kinds of method; only the one in use is imported."""

from __future__ import annotations

from importlib import import_module

from elsewhere.design.parts import MethodRow
from elsewhere.methods.method import Method

METHODS = {
    "erm": "elsewhere.methods.erm:EmpiricalRisk",
    "sepnorm": "elsewhere.methods.sepnorm:SeparateNormalisation",
    "series_adapter": "elsewhere.methods.series_adapter:SeriesAdapters",
    "parallel_adapter": "elsewhere.methods.parallel_adapter:ParallelAdapters",
    "msnet": "elsewhere.methods.msnet:MultiSiteNetwork",
    "contrastive": "elsewhere.methods.contrastive:ContrastiveLearning",
}


def build(row: MethodRow) -> Method:
    """Return the method of a row of `methods`.

    Raises
    ------
    KeyError
        If no method of this kind is registered.
    """
    if row.kind not in METHODS:
        raise KeyError(f"method kind '{row.kind}' is not registered; there are {sorted(METHODS)}")
    module, name = METHODS[row.kind].split(":")
    method = getattr(import_module(module), name)(row)
    if not isinstance(method, Method):
        raise TypeError(f"{METHODS[row.kind]} is not a Method")
    return method
