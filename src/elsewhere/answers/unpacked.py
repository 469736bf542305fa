"""unpacked: files of strangers under names of ours, counted while they come; archives unpacked."""

from __future__ import annotations

import errno
import os
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from elsewhere.answers.answer import Refused
from elsewhere.answers.renamed import kept_names
from elsewhere.design.serving import ServeRow

ARCHIVE = ".zip"
MB = 10**6
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError),
    *(RuntimeError, ValueError, LookupError, OSError),  # of zipfile, at directories that lie
)
_ENTRY = 1024  # bytes of a directory's entry for one member: 46, its path, times and rights
_SMALL = 1 << 20  # bytes; a member below may be packed as well as it likes
_PIECE = 1 << 18


class TooLarge(Refused):
    """The files are more, or larger, than the limits allow."""


def check_count(files: int, limits: ServeRow) -> None:
    """Refuse more files than a question may bring.

    Raises
    ------
    TooLarge
        If there are.
    """
    if files > limits.files:
        raise TooLarge(
            f"{files} files or more, at most {limits.files} are taken at once (serve.files in "
            "params.yaml); send one scan alone"
        )


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
    said: str

    @property
    def archive(self) -> bool:
        return self.said.lower().endswith(ARCHIVE)


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
        check_count(self.count + 1, self.limits)
        at = self.folder / f"{self._opened}.part"
        self._opened += 1
        self._arrived.append(_Arrived(at, said))
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
                f"the files have more than {self.limits.unpacked_megabytes} MB unpacked "
                "(serve.unpacked_megabytes in params.yaml); send one scan alone"
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
        for one, name in zip(self._arrived, kept_names(self._said()), strict=True):
            path = self.folder / name
            path.parent.mkdir(mode=0o700, exist_ok=True)
            one.at.rename(path)
            named[name] = one.said
        self._arrived = []
        return named

    def _said(self) -> list[str]:
        return [one.said for one in self._arrived]

    def _members(self, opened: zipfile.ZipFile) -> None:
        members = [one for one in opened.infolist() if not one.is_dir()]
        self._check(members)
        for one in members:
            with self.open(one.filename) as file, opened.open(one) as packed:
                while data := packed.read(_PIECE):
                    self.write(file, data)

    def _check(self, members: list[zipfile.ZipInfo]) -> None:
        """Refuse what an archive says of itself; what it hides is counted while it is unpacked."""
        check_count(len(members) + self.count - 1, self.limits)
        size = sum(one.file_size for one in members)
        if self.size + size > self.limits.unpacked_megabytes * MB:
            raise TooLarge(
                f"an archive unpacks to {size // MB} MB, at most "
                f"{self.limits.unpacked_megabytes} MB are taken (serve.unpacked_megabytes in "
                "params.yaml)"
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
                    f"{self.limits.ratio:g} times are taken (serve.ratio in params.yaml); send it "
                    "as it is"
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
