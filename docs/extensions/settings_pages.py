"""settings_pages: writes the tables of settings and layouts from the classes that check them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elsewhere.design import kinds
from elsewhere.design.params import Params

if TYPE_CHECKING:
    from sphinx.application import Sphinx

Schema = Mapping[str, Any]
SITES = Path(__file__).parents[2] / "src/elsewhere/sites"
_COLUMNS = ["| key | value | default | meaning |", "|---|---|---|---|"]
_SPECIAL = re.compile(r"`[^`]*`|([<*])")  # code, or what Markdown would take for its own
_LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
}
_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "null": "`null`",
    "object": "table",
    "array": "list",
}
_NAME_PATTERN = Params.model_json_schema()["properties"]["scale"]["pattern"]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension with Sphinx."""
    app.connect("builder-inited", lambda app: write(Path(app.srcdir) / "generated"))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write(folder: Path) -> None:
    """Write the parts that the pages on settings and on layouts include."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.md").write_text("\n".join(settings()) + "\n", encoding="utf-8")
    (folder / "layouts.md").write_text("\n".join(layouts()) + "\n", encoding="utf-8")


def settings() -> Iterator[str]:
    """Yield the sections of every table of the settings, rows within rows after their row."""
    schema = Params.model_json_schema()
    seen: set[str] = set()
    # the settings of synthetic sites are many and few look for them
    order = sorted(schema["properties"].items(), key=lambda item: item[0] == "phantoms")
    for key, item in order:
        path = f"{key}.<name>" if _is_table(item) else key
        references = _references(item)
        yield from ["", f"## `{path}`", ""]
        if not references:
            yield f"{_sentence(item.get('description', ''))} Value: {_value(item)}."
        elif len(references) == 1:
            yield from _row(path, references[0], schema["$defs"], seen)
        else:
            yield from _rows(path, references, schema["$defs"], seen)


def layouts() -> Iterator[str]:
    """Yield a section a layout: what it reads, whose data these are, what a site may set."""
    for kind in kinds.names("layouts"):
        module = ast.parse((SITES / f"{kind}.py").read_text(encoding="utf-8"))
        layout, values = next(_layouts(module))
        yield from ["", f"## `{kind}`", "", _docstring(module, kind), "", _docstring(layout, kind)]
        yield from ["", f"Source: {values['citation']}. Terms: {values['licence']}.", ""]
        schema = kinds.row_class("layouts", kind).model_json_schema()
        yield from _table(schema) if schema.get("properties") else ["It has no options."]


def _layouts(module: ast.Module) -> Iterator[tuple[ast.ClassDef, dict[str, str]]]:
    """Yield the classes of a module with a citation, and the texts among their attributes.

    Read from the source, because importing a layout needs the whole environment.
    """
    for item in module.body:
        if not isinstance(item, ast.ClassDef):
            continue
        texts = {
            line.target.id: line.value.value
            for line in item.body
            if isinstance(line, ast.AnnAssign)
            and isinstance(line.target, ast.Name)
            and isinstance(line.value, ast.Constant)
        }
        if "citation" in texts:
            yield item, texts


def _docstring(item: ast.Module | ast.ClassDef, kind: str) -> str:
    """Return the first paragraph of a docstring as Markdown, a file pattern in it as text."""
    text = ast.get_docstring(item) or ""
    text = text.removeprefix(f"{kind}: ").split("\n\n")[0].replace("``", "`")
    text = text[:1].upper() + text[1:]
    return _SPECIAL.sub(lambda match: f"\\{match[1]}" if match[1] else match[0], text)


def _rows(path: str, references: list[str], definitions: Schema, seen: set[str]) -> Iterator[str]:
    """Yield a section for each row class that may stand at a path, unless it has one already."""
    for name in references:
        if name not in seen:
            kind = definitions[name]["properties"].get("kind", {}).get("const")
            yield from ["", f"### `{path}`" + (f", kind `{kind}`" if kind else ""), ""]
            yield from _row(path, name, definitions, seen)


def _row(path: str, name: str, definitions: Schema, seen: set[str]) -> Iterator[str]:
    """Yield the table of a row class, then the sections of what stands in it."""
    seen.add(name)
    row = definitions[name]
    yield from [_sentence(row.get("description", "").split("\n\n")[0]), ""]
    yield from _table(row)
    for key, item in row["properties"].items():
        inner = f"{path}.{key}.<name>" if _is_table(item) else f"{path}.{key}"
        yield from _rows(inner, _references(item), definitions, seen)


def _table(row: Schema) -> Iterator[str]:
    yield from _COLUMNS
    required = row.get("required", ())
    for key, item in row["properties"].items():
        default = "required" if key in required else _default(item)
        meaning = item.get("description", "").replace("|", "\\|").replace("\n", " ")
        yield f"| `{key}` | {_value(item)} | {default} | {meaning} |"


def _default(item: Schema) -> str:
    value = item.get("default")
    if value is None:
        return "`null`" if "default" in item else "empty"
    if value in ([], {}):
        return "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{value}`"


def _value(item: Schema) -> str:
    """Return in words what may stand at a key."""
    choices = item.get("anyOf") or item.get("oneOf")
    if choices:
        words = [_value(choice) for choice in choices if "$ref" not in choice]
        rows = ["a row, see below"] if any("$ref" in choice for choice in choices) else []
        return " or ".join([*rows, *words])
    if "$ref" in item:
        return "a row, see below"
    if "enum" in item:
        *first, last = [f"`{value}`" for value in item["enum"]]
        return f"{', '.join(first)} or {last}" if first else last
    if "const" in item:
        return f"`{item['const']}`"
    kind = item.get("type")
    if kind == "array":
        return _list_value(item)
    if kind == "object":
        inner = _entries(item)
        return f"table of {_plural(_value(inner))}" if inner else "table"
    if item.get("pattern") == _NAME_PATTERN:
        return "name"
    limits = [text.format(item[limit]) for limit, text in _LIMITS.items() if limit in item]
    return ", ".join([_TYPES.get(str(kind), "any value"), *limits])


def _list_value(item: Schema) -> str:
    if "prefixItems" in item:
        return f"list of {len(item['prefixItems'])}: {_value(item['prefixItems'][0])}"
    return f"list of {_plural(_value(item.get('items', {})))}"


def _plural(words: str) -> str:
    known = {"name": "names", "text": "texts", "a row, see below": "rows, see below"}
    return known.get(words, words.replace("whole number", "whole numbers"))


def _entries(item: Schema) -> Schema:
    """Return what the entries of a table are, empty if anything may stand there."""
    patterns = item.get("patternProperties")
    if patterns:
        return dict(next(iter(patterns.values())))
    inner = item.get("additionalProperties")
    return inner if isinstance(inner, dict) else {}


def _is_table(item: Schema) -> bool:
    return any("type" in part and part["type"] == "object" for part in _parts(item))


def _parts(item: Schema) -> list[Schema]:
    return [item, *item.get("anyOf", ()), *item.get("oneOf", ())]


def _references(item: Schema) -> list[str]:
    """Return the names of the row classes that may stand at a key or in its entries."""
    names = []
    for part in _parts(item):
        for inner in _parts(_entries(part)) + _parts(part.get("items") or {}) + [part]:
            if "$ref" in inner:
                names.append(inner["$ref"].rpartition("/")[2])
    return list(dict.fromkeys(names))


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if not text or text.endswith(".") else f"{text}."
