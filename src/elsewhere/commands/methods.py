"""methods: writes the methods paragraph of a finished study, and returns it for the console."""

from __future__ import annotations

from pathlib import Path

from elsewhere.design.params import Settings
from elsewhere.evidence import finished, methods
from elsewhere.files import whole

NAME = "methods.md"


def write(values: Settings, study: str) -> tuple[str, Path]:
    """Write methods.md beside the report; return its text and its path.

    Raises
    ------
    ParamsError
        If there is no such study.
    UnfinishedError
        If it has not been run.
    """
    read = finished.read(values, study)
    text, path = methods.write(read), read.home / NAME
    with whole(path) as part:
        part.write_text(text, encoding="utf-8")
    return text, path
