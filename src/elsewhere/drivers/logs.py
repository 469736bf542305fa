"""logs: the log of each job: where it is, how far the job is, and why one failed.

The rules of Snakemake send what a job says to its log. A job of DVC, or of a user, says it to the
terminal; `kept` writes it to the same log too, so that one place tells of the jobs of all.
"""

from __future__ import annotations

import logging
import os
import re
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from elsewhere.design.stage import Stage

FOLDER = Path("logs")
LINE, CLOCK = "%(asctime)s %(name)s: %(message)s", "%H:%M:%S"
EXPECTED = (ValueError, RuntimeError, OSError)  # become one message, without a traceback
_TAIL = 8192  # bytes at the end of a log in which its last line of progress stands
_LINES = 12  # of a message, at most
_PROGRESS = re.compile(r"^\d\d:\d\d:\d\d [\w.]+: (.*\d (?:s|min) left)$", re.M)
_SAID = re.compile(r"^\d\d:\d\d:\d\d [\w.]+: (.*)$", re.M)
_OURS = "elsewhere: "
_TRACEBACK = "Traceback (most recent call last)"
# The last words of the Snakemake in a cluster's job, whatever the step died of.
_NO_REASON = "At least one job did not complete successfully."


def path(stage: Stage) -> Path:
    """Return the log of a stage, that of its rule."""
    return FOLDER / f"{'/'.join([stage.step, *stage.wildcards.values()])}.log"


def sentence(error: BaseException) -> str:
    """Return what a user reads of an expected error."""
    return f"{_OURS}{type(error).__name__}: {error}"


@contextmanager
def kept(stage: Stage) -> Iterator[None]:
    """Write what a job says to its log as well, from an empty log on, and why it failed."""
    log = path(stage)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("", encoding="utf-8")
    handler = logging.FileHandler(
        log, encoding="utf-8"
    )  # appends: another job may wait, and say so
    handler.setFormatter(logging.Formatter(LINE, CLOCK))
    logging.getLogger().addHandler(handler)
    try:
        yield
    except BaseException as error:
        expected = isinstance(error, EXPECTED)
        with log.open("a", encoding="utf-8") as stream:
            stream.write(f"{sentence(error)}\n" if expected else traceback.format_exc())
        raise
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()


def progress(text: str) -> str | None:
    """Return the last line of progress in the text of a log, None if there is none."""
    lines = _PROGRESS.findall(text)
    return str(lines[-1]) if lines else None


def last(text: str) -> str | None:
    """Return what a log said last, without clock and name; None if nothing."""
    lines = _SAID.findall(text)
    return str(lines[-1]) if lines else None


def stated(text: str) -> str | None:
    """Return the error message that the text of a log ends with, None if it does not."""
    text = text.strip()
    begin = text.rfind(f"\n{_OURS}") + 1
    if not text.startswith(_OURS, begin):
        return None
    return _short(text[begin:].removeprefix(_OURS))


def is_failed(text: str) -> bool:
    """Whether a log ends with an error message of ours, or with one of Python."""
    return stated(text) is not None or _TRACEBACK in text


def reason(texts: Sequence[str]) -> str:
    """Return why a job failed: the error message at the end of its logs, or else the last line.

    Parameters
    ----------
    texts
        Of its logs, that of the step first.
    """
    for text in texts:
        if (message := stated(text)) is not None:
            return message
    lines = [text.strip().splitlines()[-1] for text in texts if text.strip()]
    line = next((line for line in lines if line != _NO_REASON), None)
    if line is None:
        return "its log is empty: it was killed, or could not start"
    return f"its log ends without an error message: {line}"


def _short(text: str) -> str:
    lines = text.splitlines()
    return "\n".join([*lines[:_LINES], *(["..."] if len(lines) > _LINES else [])])


def end(log: Path, *, size: int = _TAIL) -> str:
    """Return the end of a log, at most so many bytes; empty if there is none."""
    try:
        with log.open("rb") as stream:
            stream.seek(-min(size, os.fstat(stream.fileno()).st_size), os.SEEK_END)
            return stream.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
