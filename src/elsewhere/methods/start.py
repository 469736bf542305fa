"""start: the weights with which a run begins: new, pretrained, or those of another arm (C-20)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from elsewhere.networks import weights
from elsewhere.networks.network import Network


@dataclass(frozen=True)
class Start:
    """The run from whose model another run begins.

    Attributes
    ----------
    arm
        Its arm.
    model, record
        Its weights and its run.json.
    """

    arm: str
    model: Path
    record: Path

    def refusal(self) -> str | None:
        """Return why there is no such model, or None."""
        record = json.loads(self.record.read_text(encoding="utf-8"))
        if record["status"] == "ok":
            return None
        return f"arm {self.arm}, from which this one starts, was not trained: {record['reason']}"


def begin(network: Network, start: Start | None) -> dict[str, str]:
    """Load the weights with which a run begins; return what run.json says of them.

    Parameters
    ----------
    network
        A new network, before `Method.adapt`; it is changed in place.
    start
        The run from whose model this one begins; None: pretrained weights if the network's row
        names any, else the new ones.

    Raises
    ------
    ValueError
        If the other model is of another network.
    """
    if start is not None:
        weights.load(network, start.model)
        return {"starts_from": start.arm}
    pretrained = network.load_pretrained()
    return {} if pretrained is None else {"pretrained_sha256": pretrained}
