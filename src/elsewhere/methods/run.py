"""run: one training run of an arm, for the steps that apply its model: name, record, weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch


@dataclass(frozen=True)
class Run:
    """One training run and its model.

    Attributes
    ----------
    name
        ``<fold>-<seed>``.
    record
        Content of its run.json.
    model
        File of its weights.
    device
        Device on which the model is applied.
    """

    name: str
    record: Mapping[str, Any]
    model: Path
    device: torch.device

    @property
    def fold(self) -> int:
        """Fold with whose training part the model was trained."""
        return int(self.name.split("-")[0])

    @property
    def seed(self) -> int:
        """Seed of the training."""
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
