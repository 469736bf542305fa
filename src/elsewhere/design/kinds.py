"""kinds: find the kinds of things that can be added (networks, methods, layouts ...) by file name.

A kind consists of two files of the same name: its row class, `design/<shelf>/<kind>.py`, with the
settings of the user, and its implementation in a room (subpackage) of the package. To add a kind,
add the two files; no list names them. Steps import neither file statically. Instead the graph adds
both to the code of exactly those stages that use the kind (`Stage.members`).
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import cache, reduce
from importlib import import_module
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

DESIGN = "elsewhere.design"
# Shelf (a group of kinds) to the packages with the implementations of its kinds.
ROOMS: dict[str, tuple[str, ...]] = {
    "archives": ("elsewhere.archives",),
    "augmentations": ("elsewhere.cohorts.augmentations",),
    "claims": ("elsewhere.scores.claims",),
    "figures": ("elsewhere.figures",),
    "inputs": ("elsewhere.imaging.inputs", "elsewhere.cohorts.inputs"),
    "layouts": ("elsewhere.sites",),
    "methods": ("elsewhere.methods",),
    "metrics": ("elsewhere.scores.metrics",),
    "networks": ("elsewhere.networks",),
    "phantoms": ("elsewhere.phantom",),
}

Base = TypeVar("Base")


class KindError(ValueError):
    """A kind does not exist, or one of its files does not define exactly one class."""


@cache
def names(shelf: str) -> tuple[str, ...]:
    """Return the kinds of a shelf, sorted: the names of the files of its row classes."""
    folder = Path(__file__).parent / shelf
    return tuple(sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__"))


def row_module(shelf: str, kind: str) -> str:
    """Return the dotted name of the module that holds a kind's row class."""
    return f"{DESIGN}.{shelf}.{kind}"


@cache
def row_class(shelf: str, kind: str) -> type[BaseModel]:
    """Return the row class of a kind.

    Raises
    ------
    KindError
        If there is no such kind, or its module does not define exactly one row class for it.
    """
    if kind not in names(shelf):
        raise KindError(f"there is no '{kind}' in {shelf}; choose from {', '.join(names(shelf))}")
    rows = _classes(row_module(shelf, kind), BaseModel)
    # the class of a nested row, such as the settings of one part, has no field `kind`
    return _only([row for row in rows if "kind" in row.model_fields] or rows, shelf, kind)


def implementation(shelf: str, kind: str, base: type[Base]) -> type[Base]:
    """Import and return the class that implements a kind.

    Parameters
    ----------
    shelf, kind
        Such as "networks" and "nguyen_cnn".
    base
        The abstract base class of the implementation. If a shelf has several rooms, the package of
        the base class decides which room is meant.

    Raises
    ------
    KindError
        If there is no such kind, or its module does not define exactly one subclass of `base`.
    """
    if kind not in names(shelf):
        raise KindError(f"there is no '{kind}' in {shelf}; choose from {', '.join(names(shelf))}")
    package = base.__module__.split(".")[:2]
    room = next((room for room in ROOMS[shelf] if room.split(".")[:2] == package), ROOMS[shelf][0])
    return _only(_classes(f"{room}.{kind}", base), room, kind)


def code(shelf: str, kind: str, *, room: str | None = None) -> tuple[str, ...]:
    """Return the modules that a job loads when it uses a kind: row class and implementation.

    Parameters
    ----------
    shelf, kind
        Such as "networks" and "nguyen_cnn".
    room
        If a shelf has several rooms: the package in which the job works; None: the last room.
    """
    matching = [package for package in ROOMS[shelf] if room and package.startswith(f"{room}.")]
    package = matching[0] if matching else ROOMS[shelf][-1]
    return row_module(shelf, kind), f"{package}.{kind}"


def _classes(module_name: str, base: type[Base]) -> list[type[Base]]:
    """Return the public subclasses of `base` that a module defines and does not subclass again."""
    module = import_module(module_name)
    public = [
        item
        for name, item in vars(module).items()
        if inspect.isclass(item)
        and item.__module__ == module_name
        and issubclass(item, base)
        and name[0] != "_"
    ]
    return [item for item in public if not any(issubclass(o, item) for o in public if o != item)]


def _only(classes: list[type[Base]], room: str, kind: str) -> type[Base]:
    if len(classes) != 1:
        class_names = ", ".join(item.__name__ for item in classes) or "none"
        raise KindError(
            f"the file of {kind} in {room} must define exactly one public class, it defines: "
            f"{class_names}"
        )
    return classes[0]


@dataclass(frozen=True)
class Of:
    """Marks a field that accepts a row of any kind: `Annotated[NetworkRow, Of("networks")]`.

    The row's key `kind` chooses the class. The module that declares the field imports no kind, so
    that a new kind makes no code stale that uses the field.
    """

    shelf: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Build the schema of the union of all row classes of the shelf."""
        del source
        classes = [row_class(self.shelf, kind) for kind in names(self.shelf)]
        if len(classes) == 1:
            return handler.generate_schema(classes[0])
        return handler.generate_schema(Annotated[reduce(or_, classes), Field(discriminator="kind")])
