"""archive_rows: what rows of `archives` have in common, whichever protocol an archive speaks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from elsewhere.design.rows import Positive, Row

Seconds = Annotated[float, Field(gt=0)]


class ArchiveRow(Row):
    """Base of the rows of `archives`."""

    kind: str

    tls: Literal["verified", "unverified", "none"] = Field(
        description="verified: certificate and host name are checked; none: nothing is encrypted"
    )
    ca_bundle: str | None = Field(
        None, description="PEM file of the hospital's own authority; null: those of the system"
    )
    connections: Positive = Field(description="series that are fetched at the same time")
    connect_seconds: Seconds = Field(description="longest wait for a connection")
    answer_seconds: Seconds = Field(description="longest silence of the archive within a request")
    attempts: Positive = Field(
        description="of one request or series, while nothing of it arrives; then it is given up"
    )
    backoff_seconds: Seconds = Field(description="pause after the first failure, then doubled")
    backoff_most_seconds: Seconds = Field(description="longest pause")

    @property
    def rate(self) -> float:
        """Most requests or instances a second, all connections together."""
        raise NotImplementedError(f"archive kind '{self.kind}' does not say its rate")
