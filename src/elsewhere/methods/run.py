"""run: one trained model of an arm, as the steps that apply it know it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch


@dataclass(frozen=True)
class Run:
    """One trained model.

    Attributes
    ----------
    name
        ``<fold>-<seed>``.
    record
        Content of its run.json.
    model
        Its weights.
    device
        Where it is applied.
    """

    name: str
    record: Mapping[str, Any]
    model: Path
    device: torch.device

    @property
    def fold(self) -> int:
        """Fold whose training part it learned from."""
        return int(self.name.split("-")[0])

    @property
    def seed(self) -> int:
        """Seed of its training."""
        return int(self.name.split("-")[1])

    @property
    def sites(self) -> Mapping[str, int]:
        """Training sites, with the number of scans of each."""
        sites: Mapping[str, int] = self.record["n_train"]
        return sites


def read(paths: Mapping[str, Path]) -> dict[str, Mapping[str, Any]]:
    """Return run.json of each run, in the order of fold and seed."""
    ordered = sorted(paths, key=lambda name: [int(part) for part in name.split("-")])
    return {name: json.loads(paths[name].read_text(encoding="utf-8")) for name in ordered}


def failure(records: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Return why a model was not made, or None if all were."""
    failed = (record for record in records.values() if record["status"] != "ok")
    return next((str(record["reason"]) for record in failed), None)
