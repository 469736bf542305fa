"""archive_rows: the settings that all kinds of `archives` share, whatever their protocol."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from elsewhere.design.rows import Positive, Row

Seconds = Annotated[float, Field(gt=0)]


class ArchiveRow(Row):
    """Base of the rows of `archives`: connection, timeouts and retries."""

    kind: str

    tls: Literal["verified", "unverified", "none"] = Field(
        description="verified: certificate and host name are checked; none: no encryption"
    )
    ca_bundle: str | None = Field(
        None,
        description="PEM file of the hospital's certificate authority; null: those of the system",
    )
    connections: Positive = Field(description="series that are fetched at the same time")
    connect_seconds: Seconds = Field(description="timeout of a connection")
    answer_seconds: Seconds = Field(description="longest silence of the archive within a request")
    attempts: Positive = Field(
        description="most attempts for a request or series of which nothing arrives"
    )
    backoff_seconds: Seconds = Field(
        description="pause after the first failure; doubled after each further one"
    )
    backoff_most_seconds: Seconds = Field(description="longest pause")

    @property
    def rate(self) -> float:
        """Most requests or instances per second, over all connections."""
        raise NotImplementedError(f"archive kind '{self.kind}' does not say its rate")
