"""provenance: which command made which file, with a link and a short hash."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elsewhere.design.job import Job

SHORT = 8


@dataclass(frozen=True)
class File:
    """A file as the report names it: relative link, name, first digits of its MD5."""

    href: str
    name: str
    md5: str


@dataclass(frozen=True)
class Provenance:
    """Links from the report of a job to the files that the job read."""

    job: Job

    def href(self, path: Path) -> str:
        """Return the link from the report to a file, relative and with forward slashes."""
        home = self.job.outputs["report"].parent
        return Path(os.path.relpath(path, home)).as_posix()

    def file(self, path: Path) -> File:
        """Return link, name and short hash of a file."""
        md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        return File(self.href(path), path.name, md5[:SHORT])

    def command(self, step: str, *wildcards: str) -> str:
        """Return the command that makes the files of a step again."""
        return " ".join(("elsewhere", step, *wildcards))

    def runs(self) -> list[Mapping[str, Any]]:
        """Return command and files of every run."""
        tables = [self.job.paths(name) for name in ("record", "history", "train_cost")]
        return [
            {
                "command": self.command("train", self._study, *key.split("/")),
                "files": [self.file(table[key]) for table in tables if key in table],
            }
            for key in tables[0]
        ]

    def cells(self) -> list[Mapping[str, Any]]:
        """Return commands and files of every cell."""
        tables = [self.job.paths(name) for name in ("metrics", "predictions", "predict_cost")]
        return [
            {
                # those on all sites together are scored from the predictions on each of them
                "commands": [
                    self.command(step, self._study, *key.split("/"))
                    for step in (("predict", "score") if key in tables[1] else ("score",))
                ],
                "files": [self.file(table[key]) for table in tables if key in table],
            }
            for key in tables[0]
        ]

    def explained(self) -> list[Mapping[str, Any]]:
        """Return command and files of every explained arm."""
        tables = [self.job.paths(name) for name in ("explained", "gallery", "embeddings")]
        return [
            {
                "command": self.command("explain", self._study, arm),
                "files": [self.file(table[arm]) for table in tables],
            }
            for arm in tables[0]
        ]

    @property
    def _study(self) -> str:
        return self.job.wildcards["study"]
