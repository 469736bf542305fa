"""unpacked: unpack an archive from outside, with limits before and while it is unpacked.

Names in an archive are not trusted: each file gets a new one, so that nothing can be written
elsewhere, and no name of a patient reaches the disk. Sizes that an archive states are not trusted
either: what comes out is counted.
"""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from elsewhere.answers.answer import Refused
from elsewhere.design.serving import ServeRow
from elsewhere.imaging.formats import slice_number
from elsewhere.imaging.volume import Unusable
from elsewhere.sites.layout import HIDDEN

_MB = 10**6
_CHUNK = 1 << 20
_SMALL = 1 << 20  # a file of a few zeros is packed very well, and harmless
_KNOWN = re.compile(
    r"\.(?:dcm|ima|nii|nii\.gz|nrrd|mha|png|jpe?g|tiff?|bmp|webp|txt|csv|pdf|xml|json)$"
)
_ENCRYPTED = 0x1


def is_archive(path: Path) -> bool:
    """Whether a file is a zip by its content."""
    return path.is_file() and zipfile.is_zipfile(path)


def kept_names(names: Sequence[str]) -> list[str]:
    """Return under which path each file from outside is kept; nothing of its own name stays.

    What readers need of names stays true: which files share a folder, which are hidden, the order
    of the numbers of slices, that two slices have one number or a file has none, and the ending
    where it is a known one.

    Parameters
    ----------
    names
        Paths of the files below what was sent, with "/" or "\\".
    """
    paths = [PurePosixPath(name.replace("\\", "/")) for name in names]
    folders = {parent: at for at, parent in enumerate(sorted({path.parent for path in paths}), 1)}
    members: dict[PurePosixPath, list[int]] = {}
    for index, path in enumerate(paths):
        members.setdefault(path.parent, []).append(index)
    kept = [""] * len(names)
    for parent, of_folder in members.items():
        stems = _stems([paths[index].name for index in of_folder])
        for index, stem in zip(of_folder, stems, strict=True):
            hidden = any(part.startswith(HIDDEN) for part in paths[index].parts)
            ending = _KNOWN.search(paths[index].name.lower())
            name = f"{'.' if hidden else ''}{stem}{ending[0] if ending else ''}"
            kept[index] = f"{folders[parent]:06d}/{name}"
    return kept


def _stems(names: Sequence[str]) -> list[str]:
    """Return a new stem for each file of a folder; those without a number get letters alone."""
    numbers = [_number(name) for name in names]
    known = sorted({number for number in numbers if number is not None})
    ranks = {number: rank for rank, number in enumerate(known, 1)}
    seen: dict[int | None, int] = {}
    stems = []
    for number in numbers:
        seen[number] = seen.get(number, 0) + 1
        if number is None:
            stems.append("x" * seen[number])
        else:
            copy = f"_copy{seen[number]}" if seen[number] > 1 else ""
            stems.append(f"{ranks[number]:06d}{copy}")
    return stems


def _number(name: str) -> int | None:
    try:
        return slice_number(Path(name))
    except (Unusable, ValueError):  # ValueError: thousands of digits
        return None


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
    folder.mkdir(parents=True)
    try:
        with zipfile.ZipFile(archive) as packed:
            members = _members(packed, limits)
            kept = kept_names([member.filename for member in members])
            left = limits.unpacked_megabytes * _MB
            for name, member in zip(kept, members, strict=True):
                (folder / name).parent.mkdir(exist_ok=True)
                left -= _copy(packed, member, folder / name, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise Refused(
            f"the archive cannot be unpacked ({type(error).__name__}): pack the files again as a "
            "plain zip without a password"
        ) from None
    return dict(zip(kept, (member.filename for member in members), strict=True))


def _members(packed: zipfile.ZipFile, limits: ServeRow) -> Sequence[zipfile.ZipInfo]:
    """Return the files of an archive, after a look at what it says of them."""
    members = [one for one in packed.infolist() if not one.is_dir() and not _is_link(one)]
    if not members:
        raise Refused("the archive has no file in it")
    check_count(len(members), limits)
    claimed = sum(one.file_size for one in members)
    if claimed > limits.unpacked_megabytes * _MB:
        raise Refused(
            f"the archive holds {claimed // _MB} MB unpacked, at most {limits.unpacked_megabytes} "
            "MB are taken (serve.unpacked_megabytes in params.yaml)"
        )
    for one in members:
        if one.flag_bits & _ENCRYPTED:
            raise Refused("the archive needs a password; pack the files without one")
        if one.file_size > max(_SMALL, limits.ratio * one.compress_size):
            raise Refused(
                f"a file in the archive is packed more than {limits.ratio:g} times, as no scan is "
                "(serve.ratio in params.yaml)"
            )
    return members


def check_count(files: int, limits: ServeRow) -> None:
    """Refuse more files than a question may bring.

    Raises
    ------
    Refused
        If there are.
    """
    if files > limits.files:
        raise Refused(
            f"{files} files, at most {limits.files} are taken at once (serve.files in params.yaml)"
        )


def _copy(packed: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, left: int) -> int:
    """Write one file and return its bytes; what an archive says of its size is not believed."""
    count, most = 0, min(left, member.file_size)
    with packed.open(member) as source, path.open("xb") as target:
        while piece := source.read(_CHUNK):
            count += len(piece)
            if count > most:
                raise Refused("the archive holds more than it says; pack the files again")
            target.write(piece)
    return count


def _is_link(member: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(member.external_attr >> 16)
