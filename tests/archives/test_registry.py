"""registry: each kind of row opens its protocol, at its pace."""

from typing import Any, get_args

from elsewhere.archives import registry
from elsewhere.archives.archive import Archive
from elsewhere.archives.credentials import Credentials
from elsewhere.design.pulls import DicomwebArchive, DimseArchive


def test_every_kind_is_registered(dicomweb_row: Any) -> None:
    kinds = {
        get_args(model.model_fields["kind"].annotation)[0]
        for model in (DicomwebArchive, DimseArchive)
    }
    assert set(registry.ARCHIVES) == kinds
    row = dicomweb_row("http://127.0.0.1:1")
    made = registry.archive(row, Credentials(), pace=registry.pace(row))
    assert isinstance(made, Archive)
    made.close()


def test_the_pace_is_the_rows(dicomweb_row: Any) -> None:
    pace = registry.pace(dicomweb_row("http://127.0.0.1:1", requests_per_second=7, attempts=2))
    assert (pace.per_second, pace.attempts) == (7, 2)
