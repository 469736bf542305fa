"""schema: params.schema.json, with which editors complete and check params.yaml."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from elsewhere.design.params import Params
from elsewhere.files import whole

SCHEMA_JSON = Path("params.schema.json")
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def text() -> str:
    """Return what params.schema.json must be."""
    schema = {"$schema": _DIALECT, **Params.model_json_schema()}
    return json.dumps(_closed(schema), indent=1, sort_keys=True) + "\n"


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


if __name__ == "__main__":
    write()
