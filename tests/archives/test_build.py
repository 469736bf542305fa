"""build: each kind of row gives its archive, with its request rate."""

from typing import Any

from elsewhere.archives import build
from elsewhere.archives.credentials import Credentials
from elsewhere.archives.dicomweb import Dicomweb


def test_a_row_chooses_its_protocol(dicomweb_row: Any) -> None:
    row = dicomweb_row("http://127.0.0.1:1")
    made = build.archive(row, Credentials(), pace=build.pace(row))
    assert isinstance(made, Dicomweb)
    made.close()


def test_the_pace_is_the_rows(dicomweb_row: Any) -> None:
    pace = build.pace(dicomweb_row("http://127.0.0.1:1", requests_per_second=7, attempts=2))
    assert (pace.per_second, pace.attempts) == (7, 2)
