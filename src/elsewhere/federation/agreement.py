"""agreement: what hospitals and coordinator agree on before a federation, as a file they exchange.

It names study, arm and members, the rules of the sum, the server, and digests of what is trained.
Every hospital computes the digests again from its own settings; none follows another's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from elsewhere.design.rows import Name, Positive
from elsewhere.federation import wire
from elsewhere.federation.disk import write
from elsewhere.federation.terms import Plan, Terms
from elsewhere.federation.wire import RefusedError

FILE = "agreement.json"
_OF_THE_SERVER = {"host", "port", "authority", "patience_s"}  # which may change on the way


class Agreement(BaseModel):
    """The agreement of a federation.

    Attributes
    ----------
    study, arm, scale, fold, seed
        What is trained: one run of an arm of a study.
    sites
        Rows of `sites` of the hospitals, in the order of the arm.
    rounds, absent, encryption, weighting, fraction_bits, min_sites
        See `federation.terms`.
    fewest_patients
        A number is published only of at least so many positive and negative patients of a hospital.
    digests
        SHA-256 of each part of the settings that must be the same everywhere, by name.
    host, port, authority
        Where the server listens, and the certificate (PEM) of the authority that vouches for it.
    patience_s
        How long the server waits for a hospital, in seconds, before it goes on without it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    study: Name
    arm: Name
    scale: Name
    fold: Annotated[int, Field(ge=0)]
    seed: int
    sites: tuple[Name, ...] = Field(min_length=1)
    rounds: Positive
    absent: dict[Name, tuple[Positive, ...]] = {}
    encryption: Literal["none", "bfv"]
    weighting: Literal["equal", "scans"]
    fraction_bits: int
    min_sites: Positive
    fewest_patients: Positive = 5
    digests: dict[str, str]
    host: str
    port: Annotated[int, Field(gt=0, lt=65536)]
    authority: str
    patience_s: Annotated[float, Field(gt=0)] = 3600.0

    @classmethod
    def read(cls, path: Path) -> Agreement:
        """Return the agreement in a file.

        Raises
        ------
        RefusedError
            If it is missing or damaged.
        """
        if not path.exists():
            raise RefusedError(f"{path} is missing: ask the coordinator for the agreement")
        try:
            return cls.model_validate_json(path.read_bytes())
        except ValidationError as error:
            first = error.errors()[0]
            at = ".".join(map(str, first["loc"]))
            raise RefusedError(f"{path}: '{at}': {first['msg']}; ask for the file again") from error

    def write(self, path: Path) -> None:
        """Write the agreement as a file that a person can read."""
        text = json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False)
        write(path, f"{text}\n".encode())

    @property
    def digest(self) -> str:
        """SHA-256 of all but the place of the server; every message carries it."""
        agreed = self.model_dump(mode="json", exclude=_OF_THE_SERVER)
        return wire.digest(json.dumps(agreed, sort_keys=True).encode())

    @property
    def server(self) -> str:
        """Fingerprint of the server's authority and address, to be compared by telephone.

        The digest leaves them out, so that a server can move. Whoever changed them in a file on
        its way to a hospital would be that hospital's server.
        """
        return wire.fingerprint(json.dumps([self.host, self.port, self.authority]).encode())

    @property
    def run(self) -> str:
        """The run, as the step `train` names it: ``<fold>-<seed>``."""
        return f"{self.fold}-{self.seed}"

    def terms(self) -> Terms:
        """Return the rules of the sum."""
        return Terms(
            encryption=self.encryption,
            weighting=self.weighting,
            fraction_bits=self.fraction_bits,
            min_sites=self.min_sites,
            digest=self.digest,
        )

    def plan(self) -> Plan:
        """Return who takes part in which round."""
        return Plan(self.sites, self.rounds, self.absent)

    def require(self, digests: Mapping[str, str], *, at: str) -> None:
        """Refuse to take part if settings differ.

        Parameters
        ----------
        digests
            Of the settings at home, by name.
        at
            Name of the hospital.

        Raises
        ------
        RefusedError
            Naming what differs, but not how.
        """
        names = [*dict.fromkeys([*self.digests, *digests])]
        differing = [name for name in names if self.digests.get(name) != digests.get(name)]
        if differing:
            raise RefusedError(
                f"the settings of {at} are not those of the agreement: {', '.join(differing)} "
                f"of study {self.study}, arm {self.arm}, scale {self.scale} differ; compare what "
                "`elsewhere params` prints there and at the coordinator"
            )
