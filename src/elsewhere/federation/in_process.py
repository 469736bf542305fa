"""in_process: carry the bytes between adder and hospitals within one process.

Any other carrier does the same: it asks each hospital what `Adder.requests` says, and hands the
answer to `Adder.receive`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from elsewhere.federation.adder import Adder
from elsewhere.federation.hospital import Hospital
from elsewhere.federation.roster import new_identity, write_roster


@dataclass(frozen=True)
class Traffic:
    """What one round cost beside the training.

    Attributes
    ----------
    bytes_up, bytes_down
        From the hospitals to the adder and back, all hospitals together: ciphertexts and keys.
    encrypt_seconds, add_seconds, decrypt_seconds
        CPU time: of the hospitals' encryption with masks and keys, of the adder, of the hospitals'
        decryption. After a kill only what was spent since.
    """

    bytes_up: int
    bytes_down: int
    encrypt_seconds: float
    add_seconds: float
    decrypt_seconds: float


def introduce(folders: Mapping[str, Path]) -> None:
    """Make the key of each hospital and exchange the public halves, as people do by telephone."""
    public = {site: new_identity(folder) for site, folder in folders.items()}
    for folder in folders.values():
        write_roster(public, folder)


def run_round(adder: Adder, hospitals: Mapping[str, Hospital]) -> Traffic:
    """Carry messages until the present round is finished; return what it cost."""
    finished, before = adder.done, _seconds(adder, hospitals.values())
    while adder.done == finished:
        for site, request in adder.requests().items():
            adder.receive(site, hospitals[site].answer(request))
    after = _seconds(adder, hospitals.values())
    encrypt, add, decrypt = (late - early for late, early in zip(after, before, strict=True))
    return Traffic(*adder.traffic[-1], encrypt, add, decrypt)


def _seconds(adder: Adder, hospitals: Iterable[Hospital]) -> tuple[float, float, float]:
    members = [*hospitals]
    encrypt = sum(hospital.seconds["encrypt"] for hospital in members)
    return encrypt, adder.seconds, sum(hospital.seconds["decrypt"] for hospital in members)
