"""discretion: keep the messages of libraries about a private site's files out of the logs."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from elsewhere import workers

_OWN = "elsewhere"


class WithheldError(RuntimeError):
    """A failure at a private site: its type and place, without the original message."""


@contextmanager
def discreet(site: str, *, private: bool, safe: tuple[type[Exception], ...]) -> Iterator[None]:
    """Keep messages of libraries out of the logs while the files of a private site are read.

    Such messages quote what cannot be read: file names, header values, rows of tables.

    Parameters
    ----------
    site
        Name of the site's row, for the message.
    private
        Whether the site is private; the messages of a public site pass.
    safe
        Errors with messages of this program, which contain no names.

    Raises
    ------
    WithheldError
        In place of any other error, with its type and the line of code that raised it.
    """
    if not private:
        yield
        return
    handlers = logging.getLogger().handlers
    for handler in handlers:
        handler.addFilter(_own)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except safe:
        raise
    except Exception as error:
        first = _first(error)
        raise WithheldError(
            f"{site}: {_kind(first)} at {_place(first)}. Its message is withheld, because it may "
            "contain names of patients; to see it, run the step in a debugger"
        ) from None
    finally:
        for handler in handlers:
            handler.removeFilter(_own)


def _own(record: logging.LogRecord) -> bool:
    return record.name.split(".")[0] == _OWN


def _first(error: Exception) -> BaseException:
    """Return what a scan's work failed by, without the name that was put before its message."""
    named = isinstance(error, workers.WorkerError)
    return error.__cause__ if named and error.__cause__ is not None else error


def _kind(error: BaseException) -> str:
    number = getattr(error, "errno", None)
    return f"{type(error).__name__}{f' {number}' if isinstance(number, int) else ''}"


def _place(error: BaseException) -> str:
    """Return the line of this package that led to the error, and the line that raised it."""
    frames = [frame for frame in workers.frames(error) if frame.filename != __file__]
    own = [frame for frame in frames if _OWN in Path(frame.filename).parts]
    places = dict.fromkeys(
        f"{Path(frame.filename).name}, line {frame.lineno} ({frame.name})"
        for frame in (*own[-1:], *frames[-1:])
    )
    return ", from ".join(reversed(places)) or "an unknown place"
