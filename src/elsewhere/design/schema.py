"""schema: params.schema.json, with which editors complete and check params.yaml and config/."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from elsewhere.design.merge import LIKE
from elsewhere.design.params import Params
from elsewhere.files import whole

SCHEMA_JSON = Path("params.schema.json")
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PART = "Part"  # behind the name of a definition: the same, nothing required
_REF = "#/$defs/"
_LIKE_SCHEMA = {"type": "string", "description": "row of this table from which this one starts"}


def text() -> str:
    """Return what params.schema.json must be.

    A file has some of the tables, and a row that is `like` another has some of its values: the
    schema asks for all values of a row only where it has no `like`.
    """
    schema = _closed(Params.model_json_schema())
    definitions = schema["$defs"]
    parts = {name + _PART: _partial(value) for name, value in definitions.items()}
    for table in schema["properties"].values():
        if table.get("type") == "object":
            _allow_like(table, parts)
    del schema["required"]
    schema |= {"$schema": _DIALECT, "$defs": {**definitions, **parts}, "title": "Settings"}
    return json.dumps(schema, indent=1, sort_keys=True) + "\n"


def is_current(path: Path = SCHEMA_JSON) -> bool:
    """Say whether the file is what `text` returns."""
    return path.is_file() and path.read_text(encoding="utf-8") == text()


def write(path: Path = SCHEMA_JSON) -> bool:
    """Write the schema if its content changes; say whether it did."""
    if is_current(path):
        return False
    with whole(path) as part:
        part.write_text(text(), encoding="utf-8")
    return True


def _closed(value: Any) -> Any:
    """Refuse names that break a table's pattern; pydantic's schema lets them pass unchecked."""
    if isinstance(value, list):
        return [_closed(item) for item in value]
    if not isinstance(value, dict):
        return value
    closed = {key: _closed(item) for key, item in value.items()}
    if "patternProperties" in closed:
        closed.setdefault("additionalProperties", False)
    return closed


def _partial(value: Any) -> Any:
    """Return a schema in which no key is required, here and below.

    A part of a row need not name its kind, and may fit several.
    """
    if isinstance(value, list):
        return [_partial(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {key: _partial(item) for key, item in value.items() if key != "required"}
    made.pop("discriminator", None)
    if "oneOf" in made:
        made["anyOf"] = made.pop("oneOf")
    if str(made.get("$ref", "")).startswith(_REF):
        made["$ref"] += _PART
    return made


def _allow_like(table: dict[str, Any], parts: dict[str, Any]) -> None:
    """Let rows of a table be `like` another and have some values; let the table be empty."""
    table["type"] = ["object", "null"]
    rows = table["patternProperties"]
    for pattern, row in rows.items():
        partial = _partial(row)
        for choice in partial.get("anyOf", [partial]):
            parts[choice["$ref"].removeprefix(_REF)]["properties"][LIKE] = _LIKE_SCHEMA
        has_like = {"type": "object", "required": [LIKE]}
        rows[pattern] = {"if": has_like, "then": partial, "else": row}


if __name__ == "__main__":
    write()
