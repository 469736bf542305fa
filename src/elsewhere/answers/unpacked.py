"""unpacked: files of strangers under names of ours, counted while they come; archives unpacked."""

from __future__ import annotations

import errno
import os
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from elsewhere.answers.answer import Refused
from elsewhere.design.serving import ServeRow
from elsewhere.imaging.formats import slice_number
from elsewhere.imaging.volume import Unusable
from elsewhere.imaging.volume_header import EVERY_SUFFIX

ARCHIVE = ".zip"
MB = 10**6
_KEPT = (*EVERY_SUFFIX, ".dcm", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OSError)
_ENTRY = 1024  # bytes of a directory's entry for one member: 46, its path, times and rights
_SMALL = 1 << 20  # bytes; a member below may be packed as well as it likes
_PIECE = 1 << 18
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NAME = 200  # characters of a name that are looked at
_DIGITS = re.compile(r"(\d+)")


class TooLarge(Refused):
    """The files are more, or larger, than the limits allow."""


def is_archive(path: Path) -> bool:
    """Whether a file is a zip by its content."""
    return path.is_file() and zipfile.is_zipfile(path)


def unpack(archive: Path, folder: Path, *, limits: ServeRow) -> dict[str, str]:
    """Unpack a zip into a new folder, under names of ours.

    Parameters
    ----------
    archive
        The zip.
    folder
        To be made.
    limits
        Files, bytes and ratio.

    Returns
    -------
    dict
        Path of each file below `folder` to its name in the archive, which is not written.

    Raises
    ------
    Refused
        If the archive breaks a limit, is damaged or encrypted.
    """
    folder.mkdir(mode=0o700, parents=True)
    taken = Taken(folder, limits)
    taken.members(archive)
    return taken.settle()


@dataclass
class _Arrived:
    at: Path
    said: tuple[str, ...]

    @property
    def archive(self) -> bool:
        return bool(self.said) and self.said[-1].lower().endswith(ARCHIVE)


@dataclass
class Taken:
    """Files of strangers in one private folder.

    A stranger's name for a file often holds the name, the number or the birthday of a patient. It
    is never written: it stays in memory until `settle` has put the files in its order, and a
    process that dies forgets it. Only what ingestion needs of a name goes into ours: the end that
    says the format, whether the file is hidden, and the rank of its slice number among the others
    of its folder. So a stack has the order, and two files of one number have the fault, that they
    had under their own names.

    Parameters
    ----------
    folder
        An empty folder, made by the caller and closed to others.
    limits
        How much is taken.
    """

    folder: Path
    limits: ServeRow
    size: int = 0
    _arrived: list[_Arrived] = field(default_factory=list, repr=False)
    _opened: int = 0

    @property
    def count(self) -> int:
        """Files so far, without the archives that were unpacked."""
        return len(self._arrived)

    def open(self, said: str) -> BinaryIO:
        """Open the next file for writing.

        Parameters
        ----------
        said
            What the stranger calls it, with folders; any text.

        Raises
        ------
        TooLarge
            If there are too many.
        """
        if self.count >= self.limits.files:
            raise TooLarge(f"there are more than {self.limits.files} files; send one scan alone")
        at = self.folder / f"{self._opened}.part"
        self._opened += 1
        self._arrived.append(_Arrived(at, _parts(said)))
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        return os.fdopen(os.open(at, flags, 0o600), "wb")

    def write(self, file: IO[bytes], data: bytes) -> None:
        """Append to a file.

        Raises
        ------
        TooLarge
            If all files together are larger than the limit.
        """
        self.size += len(data)
        if self.size > self.limits.unpacked_megabytes * MB:
            raise TooLarge(
                f"the files have more than {self.limits.unpacked_megabytes} MB unpacked; "
                "send one scan alone"
            )
        file.write(data)

    def unpack(self) -> None:
        """Put the members of each zip archive in its place; what is packed in them stays so.

        Raises
        ------
        Refused
            If an archive is encrypted, damaged, or packed in a way that other programs use.
        TooLarge
            If its members are too many, too large, or grow too much; where the archive says so
            itself, before one of them is unpacked.
        """
        for one in [one for one in self._arrived if one.archive]:
            self.members(one.at)
            self.size -= one.at.stat().st_size
            one.at.unlink()
            self._arrived.remove(one)

    def members(self, archive: Path) -> None:
        """Unpack one archive, which stays.

        Raises
        ------
        Refused, TooLarge
            As from `unpack`.
        """
        try:
            with archive.open("rb") as raw, zipfile.ZipFile(_bounded(raw, self.limits)) as opened:
                self._members(opened)
        except Refused:
            raise
        except _DAMAGED as error:
            if isinstance(error, OSError) and error.errno != errno.EINVAL:
                raise  # it is the disk; EINVAL is a place before the archive's first byte
            raise Refused("a zip archive is damaged; pack the files again") from None

    def settle(self) -> dict[str, str]:
        """Give the files their last names, in the order of the strangers' names; forget those.

        Returns
        -------
        dict
            Path of each file below the folder to what the stranger called it.
        """
        named = {}
        ordered = sorted(self._arrived, key=lambda one: [_natural(part) for part in one.said])
        folders: dict[tuple[str, ...], list[tuple[int, _Arrived]]] = {}
        for number, one in enumerate(ordered):
            folders.setdefault(one.said[:-1], []).append((number, one))
        for number, files in enumerate(folders.values()):
            folder = self.folder if len(folders) == 1 else self.folder / _letters(number)
            folder.mkdir(mode=0o700, exist_ok=True)
            ranks = _ranks([one.said[-1] for _, one in files])
            for (place, one), rank in zip(files, ranks, strict=True):
                path = one.at.rename(folder / _ours(one.said, _letters(place), rank))
                named[path.relative_to(self.folder).as_posix()] = "/".join(one.said)
        self._arrived = []
        return named

    def _members(self, opened: zipfile.ZipFile) -> None:
        members = [one for one in opened.infolist() if not one.is_dir()]
        self._check(members)
        for one in members:
            with self.open(one.filename) as file, opened.open(one) as packed:
                while data := packed.read(_PIECE):
                    self.write(file, data)

    def _check(self, members: list[zipfile.ZipInfo]) -> None:
        """Refuse what an archive says of itself; what it hides is counted while it is unpacked."""
        if len(members) + self.count > self.limits.files:
            raise TooLarge(
                f"an archive holds {len(members)} files, at most {self.limits.files} are taken"
            )
        size = sum(one.file_size for one in members)
        if self.size + size > self.limits.unpacked_megabytes * MB:
            raise TooLarge(
                f"an archive unpacks to {size // MB} MB, at most "
                f"{self.limits.unpacked_megabytes} MB are taken"
            )
        for one in members:
            if one.flag_bits & 1:
                raise Refused("an archive is encrypted; unpack it, and send the files")
            if one.compress_type not in _METHODS:
                raise Refused("an archive is packed in an unusual way; pack it as plain zip")
            if one.file_size > max(self.limits.ratio * one.compress_size, _SMALL):
                grows = one.file_size // max(one.compress_size, 1)
                raise TooLarge(
                    f"a file in an archive grows {grows} times when it is unpacked, at most "
                    f"{self.limits.ratio:g} times are taken; send it as it is"
                )


def _bounded(file: BinaryIO, limits: ServeRow) -> IO[bytes]:
    """Return an archive whose directory of members, which is read at once, has a limit."""
    return cast("IO[bytes]", _Bounded(file, max(limits.files * _ENTRY, 2 * _PIECE)))


class _Bounded:
    """A file that is read in pieces of at most some bytes, whatever size is asked for."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file, self._most = file, most

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size if 0 <= size <= self._most else self._most + 1)
        if len(data) > self._most:
            raise TooLarge("an archive lists more files than are taken; send one scan alone")
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _parts(said: str) -> tuple[str, ...]:
    """Return folders and name of a file as a stranger says them, of whatever system."""
    found = re.split(r"[/\\]+", said[-20 * _NAME :])
    return (*(part[-_NAME:] for part in found[:-1] if part), found[-1][-_NAME:])


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Return what sorts a2 before a10."""
    pieces = _DIGITS.split(text.casefold())
    return [(0, int(one), "") if one.isdecimal() else (1, 0, one) for one in pieces]


def _letters(number: int) -> str:
    """Return a number as four letters: digits in a name would count as a slice's."""
    found = ""
    for _ in range(4):
        number, rest = divmod(number, len(_LETTERS))
        found = _LETTERS[rest] + found
    return found


def _ranks(names: list[str]) -> list[int | None]:
    """Return the place of each name's slice number among all of them; None without a number."""
    numbers = [_number(name) for name in names]
    places = {n: i for i, n in enumerate(sorted({n for n in numbers if n is not None}))}
    return [None if number is None else places[number] for number in numbers]


def _number(name: str) -> int | None:
    try:
        return slice_number(Path(name))
    except (Unusable, ValueError):
        return None


def _ours(said: tuple[str, ...], letters: str, rank: int | None) -> str:
    hidden = "." if any(part.startswith((".", "__MACOSX")) for part in said) else ""
    suffix = max((end for end in _KEPT if said[-1].lower().endswith(end)), key=len, default="")
    place = "" if rank is None else f"-{rank:05d}"
    return f"{hidden}{letters}{place}{suffix}"
