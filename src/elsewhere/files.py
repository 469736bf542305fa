"""files: write a file, a folder or a CSV whole or not at all; list all files below a folder."""

from __future__ import annotations

import csv
import errno
import io
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

# text that spreadsheet programs take for a formula, with the apostrophes of those that are escaped
_FORMULA = re.compile(r"'*[=+\-@\t\n]")
_FULL = 1 << 16  # bytes left on a disk that took what it could
# what a name, a link or missing rights cause; all else is the disk or the network, which may answer
# a second later: EIO, ESTALE, ETIMEDOUT
_OF_ONE_FILE = frozenset(
    {
        *(errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.ENOENT),
        *(errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO, errno.EINVAL),
    }
)


def of_one_file(error: OSError) -> bool:
    """Return whether an error says something of one file and not of the disk or the network.

    A step that meets any other error must stop, so that it can be run again: without the file it
    would make a shorter volume. Errors without a number are raised by decoders on damaged files.
    """
    return error.errno is None or error.errno in _OF_ONE_FILE


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` on success, remove it on error.

    The temporary name ends like `path`, for writers that look at the suffix. The caller may make
    it a file or a folder; an older file or folder at `path` is replaced.

    Raises
    ------
    OSError
        In one sentence with the name of `path`, if the disk is full or may not be written.
    """
    part = path.with_name(f".part-{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove(part)
        yield part
        if part.exists() and (part.is_dir() or path.is_dir()):
            remove(path)
        os.replace(part, path)
    except Exception as error:
        reason = _of_disk(error, path)
        if reason is None:
            raise
        raise reason from error
    finally:
        if part.parent.is_dir():
            remove(part)


def check_writable(paths: Iterable[Path], *, bytes_needed: int = 0) -> None:
    """Say before hours of work that its results could not be written.

    Parameters
    ----------
    paths
        Files and folders that will be written; folders above them are made.
    bytes_needed
        Space that they will take together, as far as it is known.

    Raises
    ------
    OSError
        In one sentence that names the path, and the free space where it is too small.
    """
    for path in paths:
        with suppress(_TriedError), whole(path) as part:
            part.write_bytes(b" ")
            raise _TriedError
        free = shutil.disk_usage(path.parent).free
        if free < bytes_needed:
            raise OSError(errno.ENOSPC, _full(path, f"it needs about {_mb(bytes_needed)} MB more"))


class _TriedError(Exception):
    """Ends a trial, so that what stands at the path stays."""


def _of_disk(error: Exception, path: Path) -> OSError | None:
    """Return an error that names the file and what to do, if another says of the disk alone."""
    code = error.errno if isinstance(error, OSError) else None
    # libraries in C and Rust keep the system's words at best
    free = shutil.disk_usage(path.parent).free if path.parent.is_dir() else _FULL
    silent = isinstance(error, RuntimeError) and free < _FULL
    if code in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error) or silent:
        return OSError(errno.ENOSPC, _full(path, "the disk is full"))
    named = str(getattr(error, "filename", None) or "")
    if code in (errno.EACCES, errno.EPERM, errno.EROFS) and named.startswith(str(path.parent)):
        return OSError(code, f"{path} cannot be written ({os.strerror(code)}): make its folder "
                       "writable for the user who runs this, and run again")  # fmt: skip
    return None


def _full(path: Path, what: str) -> str:
    known = path.parent if path.parent.is_dir() else Path()
    free = _mb(shutil.disk_usage(known).free)
    return f"{path} cannot be written: {what}, {free} MB are free; make room and run again"


def _mb(count: int) -> int:
    return count // 10**6


def write_rows(rows: Iterable[Mapping[str, Any]], path: Path, *, columns: Sequence[str]) -> None:
    """Write rows as CSV under a header, whole or not at all; None is an empty field.

    Text that a spreadsheet program would run as a formula is `escaped`.

    Raises
    ------
    ValueError
        If a row has a key that is not a column.
    """
    lines = [columns]
    for row in rows:
        strange = [name for name in row if name not in columns]
        if strange:
            raise ValueError(f"{path}: a row has '{strange[0]}', columns are {', '.join(columns)}")
        lines.append([row.get(name, "") for name in columns])
    with whole(path) as part:
        part.write_text(csv_lines(lines), encoding="utf-8", newline="")


def write_frame(
    frame: Any, path: Path, *, float_format: str | None = None, mode: int = 0o666
) -> None:
    """Write a pandas.DataFrame without its index as `write_rows` does, with these rights at most.

    It is typed as Any: this module is imported where pandas must not be.
    """
    texts = [name for name in frame.columns if frame[name].dtype.kind == "O"]
    plain = frame.assign(**{name: frame[name].map(escaped) for name in texts})
    with whole(path) as part:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT, mode))
        plain.rename(columns=escaped).to_csv(
            part, index=False, lineterminator="\n", float_format=float_format
        )


def csv_lines(rows: Iterable[Iterable[Any]]) -> str:
    """Return rows as lines of CSV; None is an empty field, text is `escaped`."""
    with io.StringIO(newline="") as text:
        csv.writer(text, lineterminator="\n").writerows(map(escaped, row) for row in rows)
        return text.getvalue()


def escaped(value: Any) -> Any:
    """Return a cell that no spreadsheet program runs: an apostrophe before what would be a formula.

    Text that is a number stays, and so does all that is no text. `unescaped` gives the text back,
    but for the kind of its line ends.
    """
    if not isinstance(value, str):
        return value
    if "\r" in value:  # csv does not quote it, and programs begin a row there
        value = value.replace("\r\n", "\n").replace("\r", "\n")
    if not _FORMULA.match(value):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return f"'{value}" if value != value.strip() else value


def unescaped(text: str) -> str:
    """Return the text of a cell as it was before `escaped`."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def texts(*columns: str) -> dict[str, Callable[[str], str]]:
    """Return the `converters` with which pandas.read_csv reads these columns as text."""
    return dict.fromkeys(columns, unescaped)


def remove(path: Path) -> None:
    """Remove a file or a folder if it exists."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def walk(root: Path, closed: set[Path]) -> Iterator[Path]:
    """Yield every file below a folder, hidden or not, in a fixed order.

    Links are followed; a folder that is reached twice is listed once.

    Parameters
    ----------
    root
        The folder.
    closed
        Receives the folders that cannot be listed; their files are unknown.

    Raises
    ------
    OSError
        If the disk or the network fails, see `of_one_file`.
    """
    visited: set[tuple[int, int]] = set()
    pending = [str(root)]
    while pending:
        current = pending.pop()
        try:
            folder_status = os.stat(current)
            with os.scandir(current) as entries:
                ordered = sorted(entries, key=lambda entry: entry.name)
        except FileNotFoundError:
            continue  # removed since its parent was listed
        except OSError as error:
            if not of_one_file(error):
                raise
            closed.add(Path(current))
            continue
        if (folder_status.st_dev, folder_status.st_ino) in visited:
            continue
        visited.add((folder_status.st_dev, folder_status.st_ino))
        # depth first, so that a folder with several paths is always listed under the same one
        folders = [entry.path for entry in ordered if _is_folder(entry)]
        pending += reversed(folders)
        folder_paths = {*folders}
        yield from (Path(entry.path) for entry in ordered if entry.path not in folder_paths)


def is_file(path: str | Path) -> bool:
    """Return whether there is a regular file; `os.path.isfile` hides a lost disk.

    Raises
    ------
    OSError
        If the disk or the network fails, see `of_one_file`.
    """
    return _holds(lambda: stat.S_ISREG(os.stat(path).st_mode))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a folder or a link to one; `os.path.isdir` hides a lost disk."""
    return _holds(entry.is_dir)


def _holds(asked: Callable[[], bool]) -> bool:
    """Return what is asked of a file; False if the file does not answer, but the disk does."""
    try:
        return asked()
    except OSError as error:
        if not of_one_file(error):
            raise
        return False
