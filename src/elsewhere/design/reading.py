"""reading: YAML files to plain values, as DVC reads them; a repeated key is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

import yaml


class ParamsError(ValueError):
    """Settings cannot be used; the message names file and key and what to do."""


def read(path: Path) -> dict[str, Any]:
    """Parse a YAML file into plain values.

    Raises
    ------
    ParamsError
        If the file is missing, is not YAML, or repeats a key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ParamsError(
            f"{path.resolve()}: no such file; run from the project's top folder"
        ) from None
    return plain(text, str(path))


def plain(text: str, name: str) -> dict[str, Any]:
    """Parse the text of a YAML file into plain values.

    Parameters
    ----------
    text
        Its content.
    name
        Of the file, for messages.

    Raises
    ------
    ParamsError
        If it is not YAML, or repeats a key.
    """
    try:
        values = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise ParamsError(f"{name}: not valid YAML: {error}") from error
    if not isinstance(values, dict):
        raise ParamsError(f"{name}: expected tables, got {type(values).__name__}")
    return values


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML 1.2 scalars, as DVC reads them: `1e-5` is a number, `no` and `on` are text.

    A repeated key is refused; YAML 1.1 silently keeps the last.
    """

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


_SCALARS = {
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?[0-9]+", "-+0123456789"),
    "float": (
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)"
        r"|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
    "null": (r"~|null|Null|NULL|", "~nN\0"),
    "merge": (r"<<", "<"),
}
for _tag, (_pattern, _first) in _SCALARS.items():
    _characters = ["" if character == "\0" else character for character in _first]
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _characters
    )


def _int(loader: Any, node: yaml.ScalarNode) -> int:
    return int(loader.construct_scalar(node))  # YAML 1.1 reads 010 as 8


def _mapping(loader: Any, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
    del deep
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        line = key_node.start_mark.line + 1
        if not isinstance(key, str):
            raise yaml.YAMLError(
                f"line {line}: key {key_node.value!r} reads as {key!r}; write it in quotes"
            )
        if key in found:
            raise yaml.YAMLError(f"line {line}: key {key!r} stands twice")
        found[key] = loader.construct_object(value_node, deep=True)
    return found


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_Loader.add_constructor("tag:yaml.org,2002:int", _int)
