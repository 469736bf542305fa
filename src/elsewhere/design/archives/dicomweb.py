"""dicomweb: settings of an archive that is reached by DICOMweb."""

from __future__ import annotations

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from elsewhere.design.archive_rows import ArchiveRow, Seconds


class DicomwebArchive(ArchiveRow):
    """An archive that is reached by DICOMweb: QIDO-RS and WADO-RS (PS3.18)."""

    kind: Literal["dicomweb"]
    url: str = Field(description="root of the services, such as https://pacs.example/dicom-web")
    requests_per_second: Seconds = Field(description="most requests, over all connections")

    @model_validator(mode="after")
    def _url_fits(self) -> Self:
        parts = urlsplit(self.url)
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError(
                "url contains a user, a password or a query; credentials come from the environment"
            )
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("url does not have the form https://host/path")
        if (parts.scheme == "http") != (self.tls == "none"):
            raise ValueError(
                f"url is {parts.scheme}:// and tls is '{self.tls}'; "
                "http:// goes with `tls: none` only, https:// with verified or unverified"
            )
        return self

    @property
    def rate(self) -> float:
        """See `ArchiveRow.rate`."""
        return self.requests_per_second
