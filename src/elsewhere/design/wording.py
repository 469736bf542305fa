"""wording: what pydantic refuses, as one sentence a setting that names key and alternatives."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ValidationError

from elsewhere.design import kinds
from elsewhere.design.problem import Problem, listed
from elsewhere.design.rows import NAME_PATTERN

_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "tuple": "a list",
    "list": "a list",
    "dict": "a table of settings",
    "model": "a table of settings",
}


def problems(
    error: ValidationError, values: Mapping[str, Any], root: type[BaseModel], *, below: str = ""
) -> list[Problem]:
    """Return a problem for each value that a row class refuses.

    Parameters
    ----------
    error
        What pydantic says.
    values
        The plain values that it refused.
    root
        The class of these values.
    below
        Dotted key of `values` in the settings; "" if they are all settings.
    """
    found = []
    for item in error.errors():
        key, hint = _at(item["loc"], values, root)
        key, sentence = _sentence(item, key, hint)
        found.append(Problem(".".join([*([below] if below else []), *key]) or "params", sentence))
    return found


def _at(loc: tuple[Any, ...], values: Any, root: Any) -> tuple[list[str], Any]:
    """Return the key of a value as a user writes it, and the type of what holds its last part.

    Pydantic's own place names the kind of a row too, as if that were a table.
    """
    key: list[str] = []
    node, hint, holder = values, root, root
    for part in loc:
        if part == "[key]":
            break
        resolved = _resolved(hint, node)
        if isinstance(node, dict) and part not in node and node.get("kind") == part:
            continue
        key.append(str(part))
        holder, hint = resolved, _below(resolved, part)
        if isinstance(node, dict):
            node = node.get(part)
        elif isinstance(node, list | tuple) and isinstance(part, int) and part < len(node):
            node = node[part]
        else:
            node = None
    return key, (holder, hint)


def _resolved(hint: Any, node: Any) -> Any:
    """Return a type without marks and alternatives; a row's kind chooses its class."""
    if get_origin(hint) is Annotated:
        shelf = next((mark.shelf for mark in hint.__metadata__ if isinstance(mark, kinds.Of)), None)
        kind = node.get("kind") if isinstance(node, dict) else None
        if shelf is not None and kind in kinds.names(shelf):
            return kinds.row_class(shelf, kind)
        return _resolved(hint.__origin__, node)
    if get_origin(hint) in (Union, UnionType):
        return _resolved(next(a for a in get_args(hint) if a is not type(None)), node)
    return hint


def _below(resolved: Any, part: Any) -> Any:
    """Return the type of a part of a table, a list or a row."""
    if isinstance(resolved, type) and issubclass(resolved, BaseModel):
        return get_type_hints(resolved, include_extras=True).get(str(part), Any)
    parts = get_args(resolved)
    if get_origin(resolved) is dict:
        return parts[1]
    return parts[0] if parts else Any


def _sentence(item: Any, key: list[str], types: tuple[Any, Any]) -> tuple[list[str], str]:
    """Return key and sentence of one of pydantic's errors."""
    sort, context, got = item["type"], item.get("ctx", {}), item.get("input")
    holder, hint = types
    if sort == "value_error":
        return key, item["msg"].removeprefix("Value error, ")
    if sort == "extra_forbidden":
        return key, _unknown(key[-1], holder)
    if sort in ("union_tag_invalid", "union_tag_not_found"):
        return [*key, "kind"], _no_kind(sort, context, hint)
    if sort == "literal_error":
        choices = context["expected"].replace("'", "").replace(" or ", ", ")
        return key, f"{got!r} is not one of {choices}"
    if sort == "missing" and item["loc"] and isinstance(item["loc"][-1], int):
        return key[:-1], f"has too few entries, number {item['loc'][-1] + 1} is missing"
    if sort == "missing":
        return key, "is missing"
    if sort == "string_pattern_mismatch":
        return key, _form(got, context["pattern"], key[-1], holder)
    if sort == "too_short":
        least = context["min_length"]
        return key, "must not be empty" if least == 1 else f"must have {least} entries or more"
    if sort == "too_long":
        return key, f"must have {context['max_length']} entries at most"
    return key, _must(sort, item["msg"], got)


def _must(sort: str, text: str, got: Any) -> str:
    wanted = _TYPES.get(sort.partition("_")[0])
    if wanted is None or not re.search(r"_(type|parsing|from_float|attributes_type)$", sort):
        wanted = text.removeprefix("Input should be ")
    shown = "a table" if isinstance(got, dict) else "a list" if isinstance(got, list) else repr(got)
    return f"must be {wanted}, is {shown if got is not None else 'null'}"


def _unknown(part: str, holder: Any) -> str:
    fields = getattr(holder, "model_fields", {})
    near = difflib.get_close_matches(part, fields, 1)
    meant = f", perhaps {near[0]} is meant" if near else ""
    return f"there is no such setting{meant}; there are {listed(fields)}"


def _no_kind(sort: str, context: Any, hint: Any) -> str:
    marks = getattr(hint, "__metadata__", ())
    shelf = next((mark.shelf for mark in marks if isinstance(mark, kinds.Of)), None)
    choices = ", ".join(kinds.names(shelf)) if shelf else context.get("expected_tags", "")
    if sort == "union_tag_not_found":
        return f"is missing; choose from {choices}"
    return f"'{context['tag']}' is not one of {choices}"


def _form(got: Any, pattern: str, part: str, holder: Any) -> str:
    if pattern == NAME_PATTERN:
        return (
            f"'{got}' cannot be a name; names have lower-case letters, digits, - and _, and begin "
            "with a letter or digit"
        )
    field = getattr(holder, "model_fields", {}).get(part)
    return f"'{got}' does not have the right form: {field.description if field else pattern}"
