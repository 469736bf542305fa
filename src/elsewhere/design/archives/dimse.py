"""dimse: settings of an archive that is reached by DIMSE, the classic DICOM network protocol."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from elsewhere.design.archive_rows import ArchiveRow, Seconds

Port = Annotated[int, Field(ge=1, le=65535)]
# PS3.5 6.2: an application entity title has at most 16 characters, no backslash, no control
Title = Annotated[str, Field(pattern=r"^[!-\[\]-~]([ -\[\]-~]{0,14}[!-\[\]-~])?$")]


class DimseArchive(ArchiveRow):
    """An archive that is reached by DIMSE: C-FIND and C-GET or C-MOVE (PS3.4 annex C)."""

    kind: Literal["dimse"]
    host: str = Field(min_length=1)
    port: Port
    called_aet: Title = Field(description="application entity title of the archive")
    calling_aet: Title = Field(
        description="application entity title of this machine; the archive must know it"
    )
    retrieve: Literal["get", "move"] = Field(
        description="move: the archive opens a connection to this machine, at listen_port"
    )
    listen_host: str = Field("0.0.0.0", description="address at which to listen for C-MOVE")
    listen_port: Port | None = Field(None, description="port at which to listen for C-MOVE")
    instances_per_second: Seconds = Field(description="most instances, over all connections")

    @model_validator(mode="after")
    def _can_listen(self) -> Self:
        if self.retrieve == "move" and self.listen_port is None:
            raise ValueError(
                "retrieve is move, which needs listen_port, to which the archive sends"
            )
        return self

    @property
    def rate(self) -> float:
        """See `ArchiveRow.rate`."""
        return self.instances_per_second
