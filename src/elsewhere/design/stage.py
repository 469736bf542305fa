"""stage: one node of the graph: a step applied to one combination of wildcards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from elsewhere.design import kinds
from elsewhere.design.code import closure

SOURCE = Path("src")
CODE_LISTS = "results/code"
SETTINGS = "results/settings"
Paths = str | dict[str, str]
# Folders of the scans of a site. The table beside each (manifest, index), which whoever reads the
# folder reads too, has the hash of every scan's voxels: it stands for the folder. DVC would list
# all files of a folder again for each stage that reads it, and a site has up to 200,000 scans.
LISTED = ("volumes", "arrays")
_NAMED = 6  # if a job uses more kinds, their hash replaces their names: file names have a limit
# An input has two implementations: one makes the prepared arrays, the other reads them. This is the
# room of the first; all other steps use the second.
_ROOMS = {"prepare": "elsewhere.imaging", "outline": "elsewhere.imaging"}
# A step that brings something else than the scan onto the lattice of an input needs one file more.
_BESIDE = {"outline": {"inputs": "elsewhere.imaging.outlines"}}


@dataclass(frozen=True)
class Stage:
    """One node of the graph: a step applied to one combination of wildcards.

    Attributes
    ----------
    step
        Name of the rule, the CLI subcommand and the module in ``elsewhere.steps``.
    wildcards
        Arguments of the subcommand, in order.
    inputs, outputs
        Name to path; an input may be a table of paths.
    settings
        Field of the step's `Settings` to the dotted key in the settings (or a table of keys). The
        step gets these settings only, and only their changes rerun it.
    members
        Shelf to the kinds that the job uses, sorted. Of the files of a shelf only theirs can
        change the result.
    """

    step: str
    wildcards: dict[str, str]
    inputs: dict[str, Paths]
    outputs: dict[str, str]
    settings: dict[str, Paths]
    members: dict[str, tuple[str, ...]]

    @cached_property
    def name(self) -> str:
        """Stage name in dvc.yaml."""
        return "--".join([self.step, *self.wildcards.values()])

    @cached_property
    def command(self) -> str:
        """The command of dvc.yaml; Snakemake's rule runs the same with a log and a GPU slot."""
        return " ".join(["python -m elsewhere", self.step, *self.wildcards.values()])

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Data paths that the step reads, each once, in order."""
        return tuple(dict.fromkeys(_flat(self.inputs)))

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """Those of `files` whose content says whether the stage is as it was made."""
        kept = {name: paths for name, paths in self.inputs.items() if name not in LISTED}
        return tuple(dict.fromkeys(_flat(kept)))

    def table(self, name: str) -> dict[str, str]:
        """Return the input of this name, which is a table of paths."""
        paths = self.inputs[name]
        if isinstance(paths, str):
            raise TypeError(f"{self.name}: input '{name}' is one path")
        return paths

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Dotted keys of the settings, sorted."""
        return tuple(sorted(set(_flat(self.settings))))

    @cached_property
    def settings_file(self) -> str:
        """The file from which DVC reads the settings; stages of a step share it by study or site.

        It must be small: DVC walks through all that is in the file for each key of each stage.
        """
        first = next(iter(self.wildcards.values()))
        return f"{SETTINGS}/{self.step}--{first}.json"

    @property
    def code(self) -> tuple[str, ...]:
        """Source files that the step can import."""
        modules = [
            module
            for shelf, kind in self._kinds()
            for module in kinds.code(shelf, kind, room=_ROOMS.get(self.step))
        ]
        beside = _BESIDE.get(self.step, {})
        modules += [f"{beside[shelf]}.{kind}" for shelf, kind in self._kinds() if shelf in beside]
        return closure(f"elsewhere.steps.{self.step}", *modules, source=SOURCE)

    @cached_property
    def code_list(self) -> str:
        """The file that lists `code` with hashes; stages with the same code share it."""
        used = [kind for _, kind in self._kinds()]
        if len(used) > _NAMED:
            table = json.dumps(sorted(self.members.items()))
            used = [hashlib.sha256(table.encode()).hexdigest()[:12]]
        return f"{CODE_LISTS}/{'--'.join([self.step, *used])}.txt"

    def _kinds(self) -> list[tuple[str, str]]:
        """Return shelf and name of each kind that the job uses."""
        return [(shelf, kind) for shelf, used in sorted(self.members.items()) for kind in used]


def _flat(table: Mapping[str, Paths]) -> Iterator[str]:
    for value in table.values():
        yield from value.values() if isinstance(value, dict) else [value]


def by_name(files_by_key: dict[str, dict[str, str]], names: tuple[str, ...]) -> dict[str, Paths]:
    """Return, for each of these names, a table of paths by site, run or arm."""
    return {name: {key: files[name] for key, files in files_by_key.items()} for name in names}
