"""pulls: the rows of the tables that say from which archive a site's studies are fetched, and how.

No step reads them: another host name or password never makes a result again; other files do.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from elsewhere.design.parts import Name, Positive, Row

Seconds = Annotated[float, Field(gt=0)]
Port = Annotated[int, Field(ge=1, le=65535)]
# PS3.5 6.2: an application entity title has at most 16 characters, no backslash, no control
Title = Annotated[str, Field(pattern=r"^[!-\[\]-~]([ -\[\]-~]{0,14}[!-\[\]-~])?$")]


class _Archive(Row):
    """What both protocols need."""

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


class DicomwebArchive(_Archive):
    """An archive that speaks DICOMweb: QIDO-RS and WADO-RS (PS3.18)."""

    kind: Literal["dicomweb"]
    url: str = Field(description="root of the services, such as https://pacs.example/dicom-web")
    requests_per_second: Seconds = Field(description="most requests, all connections together")

    @model_validator(mode="after")
    def _url_fits(self) -> Self:
        parts = urlsplit(self.url)
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError(
                "url holds a user, a password or a query; credentials come from the environment"
            )
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("url is not https://host/path")
        if (parts.scheme == "http") != (self.tls == "none"):
            raise ValueError(
                f"url is {parts.scheme}:// and tls is '{self.tls}'; "
                "http:// goes with `tls: none` only, https:// with verified or unverified"
            )
        return self


class DimseArchive(_Archive):
    """An archive that speaks DIMSE: C-FIND and C-GET or C-MOVE (PS3.4 annex C)."""

    kind: Literal["dimse"]
    host: str = Field(min_length=1)
    port: Port
    called_aet: Title = Field(description="application entity title of the archive")
    calling_aet: Title = Field(description="ours; the archive's administrator must know it")
    retrieve: Literal["get", "move"] = Field(
        description="move: the archive opens a connection to us, at listen_port"
    )
    listen_host: str = Field("0.0.0.0", description="address at which C-MOVE may reach us")
    listen_port: Port | None = Field(None, description="port at which C-MOVE reaches us")
    instances_per_second: Seconds = Field(description="most instances, all connections together")

    @model_validator(mode="after")
    def _can_listen(self) -> Self:
        if self.retrieve == "move" and self.listen_port is None:
            raise ValueError("retrieve is move, which needs listen_port: where the archive sends")
        return self


ArchiveRow = Annotated[DicomwebArchive | DimseArchive, Field(discriminator="kind")]


class PullRow(Row):
    """What is fetched for a site."""

    archive: Name = Field(description="row of `archives`")
    worklist: str = Field(description="CSV file: study, accession or patient, and label")
    modalities: tuple[str, ...] = Field(
        min_length=1, description="series of these *Modality* (0008,0060) only"
    )
    description: str | None = Field(
        None, description="series whose description matches this regular expression, any case"
    )
    least_instances: Positive = Field(description="smaller series are not fetched (localizers)")

    @field_validator("description")
    @classmethod
    def _expression(cls, text: str | None) -> str | None:
        try:
            re.compile(text or "")
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from error
        return text
