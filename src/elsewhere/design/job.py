"""job: what one execution of a step is handed: paths to read, paths to write, its wildcards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Job:
    """Files of one execution of a step.

    Attributes
    ----------
    name
        Stage name, as in dvc.yaml.
    wildcards
        What tells this job from others of its step, such as ``{"site": "utsw"}``.
    inputs
        Input name to one path, or to a path per site (or cell).
    outputs
        Output name to path; written atomically by the step.
    members
        Shelf to the kinds that the job uses, such as ``{"figures": ("matrix", "roc")}``.
    digest
        Hash of the settings and the code that make this job's outputs.
    """

    name: str
    wildcards: Mapping[str, str]
    inputs: Mapping[str, Path | Mapping[str, Path]]
    outputs: Mapping[str, Path]
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    digest: str = field(default="")

    def path(self, name: str) -> Path:
        """Return the single input path of this name."""
        found = self.inputs[name]
        if isinstance(found, Mapping):
            raise TypeError(f"{self.name}: input '{name}' is a table of paths, use paths()")
        return found

    def paths(self, name: str) -> dict[str, Path]:
        """Return the table of input paths of this name."""
        found = self.inputs[name]
        if not isinstance(found, Mapping):
            raise TypeError(f"{self.name}: input '{name}' is one path, use path()")
        return dict(found)
