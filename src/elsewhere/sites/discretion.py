"""discretion: what libraries say of a private site's files is kept back."""

from __future__ import annotations

import logging
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OWN = "elsewhere"


class WithheldError(RuntimeError):
    """Something failed at a private site; where and of which kind, but not with which words."""


@contextmanager
def discreet(site: str, *, private: bool, safe: tuple[type[Exception], ...]) -> Iterator[None]:
    """Keep the words of libraries out of logs while a private site's files are read.

    They quote what they cannot read: file names, values of headers, rows of tables.

    Parameters
    ----------
    site
        Row name, for the message.
    private
        Whether there is anything to keep; a public site's messages pass.
    safe
        Errors whose texts are written by this program, without names.

    Raises
    ------
    WithheldError
        Instead of any other error, with its kind and the line of code that it came from.
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
        raise WithheldError(
            f"{site}: {_kind(error)} at {_place(error)}. Its text is withheld, because it may "
            "hold names of patients: to see it, run the step in a debugger"
        ) from None
    finally:
        for handler in handlers:
            handler.removeFilter(_own)


def _own(record: logging.LogRecord) -> bool:
    return record.name.split(".")[0] == _OWN


def _kind(error: Exception) -> str:
    number = getattr(error, "errno", None)
    return f"{type(error).__name__}{f' {number}' if isinstance(number, int) else ''}"


def _place(error: Exception) -> str:
    """Return where in this package the error came up, and where it was raised."""
    frames = [one for one in traceback.extract_tb(error.__traceback__) if one.filename != __file__]
    own = [one for one in frames if _OWN in Path(one.filename).parts]
    places = dict.fromkeys(
        f"{Path(one.filename).name}, line {one.lineno} ({one.name})"
        for one in (*own[-1:], *frames[-1:])
    )
    return ", from ".join(reversed(places)) or "an unknown place"
