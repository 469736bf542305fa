"""job: one execution of a step: the paths that it reads and writes, and its wildcards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Job:
    """One execution of a step.

    Attributes
    ----------
    name
        Stage name, as in dvc.yaml.
    wildcards
        Values that identify this job among those of its step, such as ``{"site": "utsw"}``.
    inputs
        Input name to one path, or to a table of paths by site (or cell).
    outputs
        Output name to path; the step writes each atomically.
    members
        Shelf to the kinds that the job uses, such as ``{"figures": ("matrix", "roc")}``.
    digest
        Hash of the settings and the code that decide the outputs.
    """

    name: str
    wildcards: Mapping[str, str]
    inputs: Mapping[str, Path | Mapping[str, Path]]
    outputs: Mapping[str, Path]
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    digest: str = field(default="")

    def path(self, name: str) -> Path:
        """Return the single input path of this name."""
        path = self.inputs[name]
        if isinstance(path, Mapping):
            raise TypeError(f"{self.name}: input '{name}' is a table of paths, use paths()")
        return path

    def paths(self, name: str) -> dict[str, Path]:
        """Return the table of input paths of this name."""
        table = self.inputs[name]
        if not isinstance(table, Mapping):
            raise TypeError(f"{self.name}: input '{name}' is one path, use path()")
        return dict(table)
