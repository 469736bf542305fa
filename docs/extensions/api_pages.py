"""api_pages: writes a page of the API for each room of the package, read from the source alone.

Nothing of the package is imported, so the pages need neither torch nor DVC, and take seconds.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import griffe
from sphinx.application import Sphinx
from sphinx.ext.napoleon import Config
from sphinx.ext.napoleon.docstring import NumpyDocstring

PACKAGE = "elsewhere"
_NAPOLEON = Config(napoleon_use_ivar=False, napoleon_use_rtype=False)
_NO_INDEX = SimpleNamespace(no_index=True)
_RAISES = re.compile(r"^(\s*):raises ([\w, ]+):(.*)$")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension with Sphinx."""
    app.connect("builder-inited", lambda app: write(Path(app.srcdir)))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write(docs: Path) -> None:
    """Write the pages below ``generated/api`` of the documentation's folder."""
    folder = docs / "generated" / "api"
    folder.mkdir(parents=True, exist_ok=True)
    pages = {f"{name}.rst": text for name, text in _pages(docs.parent / "src")}
    for path in folder.glob("*.rst"):
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _pages(source: Path) -> Iterator[tuple[str, str]]:
    """Yield name and text of the page of each room: a package, or a module beside the packages."""
    package = griffe.load(PACKAGE, search_paths=[source], docstring_parser=None)
    for name, room in sorted(package.modules.items()):
        if not name.startswith("_"):
            yield name, "\n".join([*_heading(room.path, "="), *_room(room)])


def _room(room: griffe.Module) -> Iterator[str]:
    if not room.modules:
        yield from _module(room)
    for module in _modules(room):
        yield from _heading(module.path.removeprefix(f"{room.path}."), "-")
        yield from _module(module)


def _modules(parent: griffe.Module) -> Iterator[griffe.Module]:
    """Yield the public modules below a package, each package followed by what it holds."""
    for name, module in sorted(parent.modules.items()):
        if name.startswith("_") or module.is_alias:
            continue
        yield module
        yield from _modules(module)


def _module(module: griffe.Module) -> Iterator[str]:
    yield from [f".. py:module:: {module.path}", ""]
    yield from _docstring(module)
    for item in module.members.values():
        if isinstance(item, griffe.Class | griffe.Function) and not item.name.startswith("_"):
            yield from _object(item)


def _object(item: griffe.Class | griffe.Function) -> Iterator[str]:
    """Yield the directive of a class or function, its members and docstring indented below."""
    yield from [f".. py:{_directive(item)}:: {_signature(item)}", *_options(item), ""]
    body = list(_docstring(item))
    if isinstance(item, griffe.Class):
        body = [*_bases(item), *body]
        body += [line for member in _members(item) for line in _object(member)]
    yield from (f"   {line}" if line else "" for line in body)


def _directive(item: griffe.Class | griffe.Function) -> str:
    if isinstance(item, griffe.Class):
        return "exception" if item.name.endswith("Error") else "class"
    if not isinstance(item.parent, griffe.Class):
        return "function"
    return "property" if "property" in item.labels else "method"


def _signature(item: griffe.Class | griffe.Function) -> str:
    if isinstance(item, griffe.Class) or "property" in item.labels:
        return item.name
    skipped = 1 if _directive(item) == "method" and "staticmethod" not in item.labels else 0
    parameters = ", ".join(_parameters(list(item.parameters)[skipped:]))
    returned = f" -> {_linked(item.returns)}" if item.returns is not None else ""
    return f"{item.name}({parameters}){returned}"


def _parameters(parameters: list[griffe.Parameter]) -> Iterator[str]:
    """Yield each parameter as source text, and the star before those that need their name."""
    starred = False
    for parameter in parameters:
        kind = parameter.kind
        starred = starred or kind is griffe.ParameterKind.var_positional
        if kind is griffe.ParameterKind.keyword_only and not starred:
            starred = True
            yield "*"
        stars = {
            griffe.ParameterKind.var_positional: "*",
            griffe.ParameterKind.var_keyword: "**",
        }.get(kind, "")
        annotation = f": {_linked(parameter.annotation)}" if parameter.annotation else ""
        plain = parameter.default is None or stars
        yield f"{stars}{parameter.name}{annotation}" + ("" if plain else f" = {parameter.default}")


def _options(item: griffe.Class | griffe.Function) -> list[str]:
    if "property" in item.labels and isinstance(item, griffe.Function) and item.returns:
        return [f"   :type: {_linked(item.returns)}"]
    words = {"classmethod", "staticmethod"} & item.labels
    return [f"   :{word}:" for word in sorted(words)]


def _bases(item: griffe.Class) -> list[str]:
    """Return the line that links the classes of this package on which a class is built."""
    paths = [_linked(base) for base in item.bases]
    own = [f":py:class:`~{path}`" for path in paths if path.startswith(f"{PACKAGE}.")]
    return [f"Built on {', '.join(own)}.", ""] if own else []


def _members(item: griffe.Class) -> Iterator[griffe.Function]:
    for member in item.members.values():
        if isinstance(member, griffe.Function) and not member.name.startswith("_"):
            yield member


def _linked(expression: str | griffe.Expr | None) -> str:
    """Return an annotation in which names stand with their whole path; pages show the last word."""
    if not isinstance(expression, griffe.Expr):
        return str(expression)
    words = (
        word.canonical_path
        # the second word of `np.ndarray` hangs on the first, which has a path of its own
        if isinstance(word, griffe.ExprName) and not isinstance(word.parent, griffe.ExprName)
        else str(word)
        for word in expression.iterate(flat=True)
    )
    return "".join(words)


def _docstring(item: griffe.Object) -> Iterator[str]:
    """Yield a docstring as reStructuredText; an error is named by its whole path."""
    text = item.docstring.value if item.docstring else ""
    if item.is_module:  # "name: what it is for", below a heading that is the name
        text = text.removeprefix(f"{item.name}: ")
        text = text[:1].upper() + text[1:]
    parsed = NumpyDocstring(text, _NAPOLEON, what=item.kind.value, options=_NO_INDEX)
    for line in str(parsed).splitlines():  # a line of its own may hold several
        raises = _RAISES.match(line)
        if raises is None:
            yield line
            continue
        for name in raises[2].split(", "):
            yield f"{raises[1]}:raises {_error(item, name)}:{raises[3]}"
    yield ""


def _error(item: griffe.Object, name: str) -> str:
    """Return the whole path of an error: one in scope, else the only one, or the room's own.

    A name that several rooms have gets the mark with which Sphinx makes no link.
    """
    with contextlib.suppress(griffe.NameResolutionError):
        path = item.resolve(name)
        return path if path.startswith(f"{PACKAGE}.") else name
    paths = [f"{at.path}.{name}" for at in _modules(item.package) if name in at.classes]
    room = ".".join(item.module.path.split(".")[:2])
    own = [path for path in paths if path.startswith(f"{room}.")]
    if len(paths) < 2 or len(own) == 1:
        return [*own, *paths, name][0]
    return f"!{name}"


def _heading(title: str, line: str) -> list[str]:
    return [title, line * len(title), ""]
