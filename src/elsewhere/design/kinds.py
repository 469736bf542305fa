"""kinds: finds what can be added to the project (networks, methods, layouts ...) by file name.

A kind stands in two files of the same name: its row class, `design/<shelf>/<kind>.py`, which says
what a user may set, and its implementation in a room of the package. To add a kind, add the two
files; no list names them. A step imports neither statically: the graph adds both files to the code
of exactly those stages that name the kind (`Stage.members`).
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
# Shelf to the packages that hold the implementations of its kinds.
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
    """A kind does not exist or its files do not hold what they must."""


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
    # rows within a row, such as the settings of one of its parts, have no kind of their own
    return _only([row for row in rows if "kind" in row.model_fields] or rows, shelf, kind)


def implementation(shelf: str, kind: str, base: type[Base]) -> type[Base]:
    """Import and return the class that implements a kind.

    Parameters
    ----------
    shelf, kind
        Such as "networks" and "nguyen_cnn".
    base
        The contract that the class fulfils. Where a shelf has several rooms, it also tells which:
        that in whose package the contract stands.

    Raises
    ------
    KindError
        If there is no such kind, or its module does not define exactly one class on this contract.
    """
    if kind not in names(shelf):
        raise KindError(f"there is no '{kind}' in {shelf}; choose from {', '.join(names(shelf))}")
    place = base.__module__.split(".")[:2]
    room = next((room for room in ROOMS[shelf] if room.split(".")[:2] == place), ROOMS[shelf][0])
    return _only(_classes(f"{room}.{kind}", base), room, kind)


def code(shelf: str, kind: str, *, room: str | None = None) -> tuple[str, ...]:
    """Return the modules that a job loads when it uses a kind: row class and implementation.

    Parameters
    ----------
    shelf, kind
        Such as "networks" and "nguyen_cnn".
    room
        Where a shelf has several rooms, the one below which the job works; None: the last.
    """
    below = [package for package in ROOMS[shelf] if room and package.startswith(f"{room}.")]
    package = below[0] if below else ROOMS[shelf][-1]
    return row_module(shelf, kind), f"{package}.{kind}"


def _classes(module_name: str, base: type[Base]) -> list[type[Base]]:
    """Return the public classes that a module defines on a base, bases of others left out."""
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
        names_of = ", ".join(item.__name__ for item in classes) or "none"
        raise KindError(
            f"{kind} of {room} must be exactly one public class in its file, there are: {names_of}"
        )
    return classes[0]


@dataclass(frozen=True)
class Of:
    """Marks a field that takes a row of any kind: `Annotated[NetworkRow, Of("networks")]`.

    The row's key `kind` chooses the class. Where the field is declared nothing is imported that
    names a kind, so a new one makes no code that reads the field stale.
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
