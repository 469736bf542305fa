"""made: an estimate of a study: its sites, steps and files, their sums, and all of it for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elsewhere.commands.estimates.disk import Line
from elsewhere.commands.estimates.holding import PARTS, Holding
from elsewhere.commands.estimates.work import Machine, Step
from elsewhere.design.amount import Total, summed


@dataclass(frozen=True)
class Estimate:
    """What a study will take."""

    study: str
    scale: str
    machine: Machine
    sites: Mapping[str, Holding]
    steps: Sequence[Step]
    disk: Sequence[Line]
    beside: Sequence[tuple[str, str, str]]

    def sums(self) -> dict[str, Total]:
        """Return disk, wall time, and the hours of GPUs and CPUs, all steps together."""
        by_device = {
            f"{device}_seconds": summed(
                (step.name, step.seconds) for step in self.steps if step.device == device
            )
            for device in dict.fromkeys(step.device for step in self.steps)
        }
        return {
            "disk": summed((f"{line.what} of {line.of}", line.bytes) for line in self.disk),
            **by_device,
            "wall": summed((step.name, step.wall) for step in self.steps),
        }

    def plain(self) -> dict[str, Any]:
        """Return the estimate for JSON: seconds and bytes, each with its source."""
        return {
            "study": self.study,
            "scale": self.scale,
            "cores": self.machine.cores,
            "gpus": self.machine.gpus,
            "sites": {row: _site(site) for row, site in self.sites.items()},
            "steps": [step.plain() for step in self.steps],
            "disk": [line.plain() for line in self.disk],
            "sums": {name: sums.plain() for name, sums in self.sums().items()},
            "beside": [
                {"quantity": quantity, "published": stated, "estimate": ours}
                for quantity, stated, ours in self.beside
            ],
        }


def _site(site: Holding) -> dict[str, Any]:
    own = {name: getattr(site, name).plain() for name in ("scans", "slices", "voxels")}
    return own | {part: site.parts[part].plain() for part in PARTS}
