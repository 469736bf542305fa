"""unfinished: what a step has done of its scans, so that it goes on from there after a kill.

It lies outside the outputs, in folders that only their owner can enter. A result is found again by
the same settings, code and input alone, and is believed after a look at its checksum. A journal
has a line a result, written when its file is whole; after a power cut the end of either may be
missing, which the checksums tell.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from elsewhere.design.job import Job
from elsewhere.files import remove

log = logging.getLogger(__name__)

FOLDER = Path(".elsewhere/unfinished")
_JOURNAL, _FILES = "journal", "files"
_CHECKSUM = 8  # hexadecimal digits of CRC-32 that begin a line
_BYTES = "bytes"  # key of an object that stands for bytes, which JSON lacks


@dataclass(frozen=True)
class Unfinished:
    """The results of a job that were kept, and a place for more; several threads may keep.

    Attributes
    ----------
    folder
        Folder of this job with these settings and this code.
    prefix
        Put before each key: what identifies the input that all of them share.
    """

    folder: Path
    prefix: str = ""
    _lines: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def files(self) -> Path:
        """Folder into which the step writes the file of a result before it keeps the result."""
        return self.folder / _FILES

    def within(self, prefix: str) -> Unfinished:
        """Return the same results, with this before each key."""
        return replace(self, prefix=self.prefix + prefix)

    def count(self, keys: Iterable[str], *, unit: str) -> int:
        """Return, and log, how many of these results were kept by an earlier run."""
        wanted = [self._hashed(key) for key in keys]
        kept = sum(one in self._lines for one in wanted)
        if kept:
            log.info("%d of %d %s were done before", kept, len(wanted), unit)
        return kept

    def get(self, key: str) -> Any | None:
        """Return a kept result; None if there is none, or it or its file is damaged.

        Parameters
        ----------
        key
            What identifies the input of this result, and nothing of other results.
        """
        line = self._lines.get(self._hashed(key))
        if line is None:
            return None
        entry = json.loads(line, object_hook=_bytes_again)
        name = entry["file"]
        if name is not None and _sha256(self.files / name) != entry["sha256"]:
            log.warning("a result that was done before is damaged, and is made again")
            return None
        return entry["result"]

    def keep(self, key: str, result: Any, *, file: str | None = None) -> None:
        """Keep a result for a later run.

        Parameters
        ----------
        key
            As in `get`.
        result
            Whatever JSON can hold, bytes and NumPy's numbers; without raw names or identifiers.
        file
            Name of its file in `files`, which is whole.
        """
        entry = {"key": self._hashed(key), "result": result, "file": file}
        if file is not None:
            entry["sha256"] = _sha256(self.files / file)
        line = json.dumps(entry, default=_plain, separators=(",", ":")).encode()
        # one call of the system, so that lines of two threads do not mix
        with (self.folder / _JOURNAL).open("ab", buffering=0) as journal:
            journal.write(b"%08x " % zlib.crc32(line) + line + b"\n")

    def hand_over(self, names: Iterable[str], folder: Path) -> None:
        """Put files of `files` into a folder: a second name of the same file, or else a copy.

        They stay here until the job is `done`, so that a kill before that loses nothing.
        """
        for name in names:
            kept, given = os.path.join(self.files, name), os.path.join(folder, name)
            try:
                os.link(kept, given)
            except OSError:  # another disk, or one that knows no links: a copy tells what else
                shutil.copyfile(kept, given)

    def _hashed(self, key: str) -> str:
        return hashlib.sha256(f"{self.prefix}\0{key}".encode()).hexdigest()[:32]


@contextmanager
def unfinished(job: Job) -> Iterator[Unfinished]:
    """Yield what an earlier run of this job has kept; what other settings or code made is removed.

    A job without a digest says nothing of its settings: it keeps nothing.
    """
    if not job.digest:
        with tempfile.TemporaryDirectory() as name:
            yield _opened(Path(name))
        return
    text = json.dumps([job.digest, sorted(job.wildcards.items())])
    folder = FOLDER / job.name / hashlib.sha256(text.encode()).hexdigest()[:32]
    for above in (FOLDER, FOLDER / job.name, folder):
        above.mkdir(parents=True, exist_ok=True)
        above.chmod(0o700)
    for other in folder.parent.iterdir():
        if other != folder:
            remove(other)
    yield _opened(folder)


def done(job: Job) -> None:
    """Remove what a job has kept, for its outputs are complete."""
    remove(FOLDER / job.name)


def sha256(*paths: Path) -> str:
    """Return one hash of the content of files, for a key."""
    return " ".join(_sha256(path) or "none" for path in paths)


def _opened(folder: Path) -> Unfinished:
    files, journal = folder / _FILES, folder / _JOURNAL
    files.mkdir(mode=0o700, exist_ok=True)
    for part in files.glob(".part-*"):  # of the run that was stopped
        remove(part)
    content = journal.read_bytes() if journal.exists() else b""
    if content and not content.endswith(b"\n"):
        with journal.open("ab") as file:
            file.write(b"\n")
    return Unfinished(folder, _lines=dict(_sound(content.splitlines())))


def _sound(lines: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield key and content of each line that is whole; the others are made again."""
    for line in lines:
        checksum, content = line[:_CHECKSUM], line[_CHECKSUM + 1 :]
        if checksum == b"%08x" % zlib.crc32(content) and content:
            yield json.loads(content)["key"], content


def _sha256(path: Path) -> str | None:
    """Return the hash of a file's content; None if it is not there."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def _plain(value: Any) -> Any:
    """Return what JSON can hold of bytes, and of the numbers and arrays of NumPy."""
    return {_BYTES: value.hex()} if isinstance(value, bytes) else value.tolist()


def _bytes_again(value: dict[str, Any]) -> Any:
    return bytes.fromhex(value[_BYTES]) if value.keys() == {_BYTES} else value
