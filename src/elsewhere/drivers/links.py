"""links: lets a result and its object in DVC's cache share their bytes, where that is safe.

DVC's `cache.type` says how. Its default shares where the file system clones files (btrfs, XFS,
APFS); elsewhere it copies, so that each volume lies on disk twice. A second name of one file (a
hard link) costs nothing, but who writes into the result writes into the cache. So it is chosen only
where a file without the right to write refuses to be written, which it does not for a superuser.

Snakemake takes an output without the right to write for one that must never be made again, and
stops. So folders of volumes are shared, whose files it does not know, and what it tracks, which is
small, is a file of its own.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

from elsewhere.drivers import dvc_config
from elsewhere.drivers.console import say
from elsewhere.files import whole

READ_ONLY = 0o444  # by which DVC knows an object that it need not check
TYPE = "hardlink,copy"
_FICLONE = 0x40049409  # ioctl of Linux that clones a file
# another disk, no right to it, too many names of one file, a file system without links
_NO_LINK = (errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS)
_CHOSEN = (
    f"DVC's cache.type is set to {TYPE} in .dvc/config.local: volumes lie on disk once, and cannot "
    "be written into. `dvc checkout --relink` frees the copies of those that were there before"
)


def choose() -> bool:
    """Set `cache.type` for this machine if nobody did, and say so; return whether it was set."""
    known = dvc_config.read(dvc_config.CONFIG, dvc_config.OWN)
    if known.has_option("cache", "type"):
        return False
    folder = dvc_config.cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    if clones(folder) or not _protects(folder) or find_spec("dvc") is None or _is_set_for_user():
        return False
    dvc_config.run("config", "--local", "cache.type", TYPE)
    say(_CHOSEN)
    return True


def _is_set_for_user() -> bool:
    """Return whether the user or the machine has `cache.type`; DVC knows where that stands."""
    from dvc.config import Config

    config = Config.from_cwd()
    levels = [config.load_one(level) for level in ("system", "global")]
    return any("type" in level.get("cache", {}) for level in levels)


def clones(folder: Path) -> bool:
    """Return whether the file system of a folder clones files."""
    if sys.platform == "darwin":  # DVC calls clonefile there
        return True
    with tempfile.TemporaryFile(dir=folder) as one, tempfile.TemporaryFile(dir=folder) as other:
        one.write(b"content")
        one.flush()
        try:
            fcntl.ioctl(other.fileno(), _FICLONE, one.fileno())
        except OSError:
            return False
    return True


def _protects(folder: Path) -> bool:
    """Return whether a folder takes links, and its files without the right to write refuse it."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        file, link = Path(name, "file"), Path(name, "link")
        file.touch()
        file.chmod(READ_ONLY)
        try:
            link.hardlink_to(file)
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
            return False
        try:
            with link.open("r+b"):
                return False
        except PermissionError:
            return True


def is_hard(types: Sequence[str], folder: Path) -> bool:
    """Return whether results become hard links, by the first of these types that is possible.

    Parameters
    ----------
    types
        DVC's `cache.type`, in order.
    folder
        The cache.
    """
    folder.mkdir(parents=True, exist_ok=True)
    possible = (one for one in types if one != "reflink" or clones(folder))
    return next(possible, "copy") == "hardlink"


def share(files: Iterable[tuple[str, Path]]) -> None:
    """Make objects of the cache further names of finished files.

    The files stay where they are, for a job may be reading them. DVC copies what is left: what lies
    on another disk, and what has the content of another result, whose object is shared already.

    Parameters
    ----------
    files
        File, and where the cache keeps its content.
    """
    for file, stored in files:
        try:
            _share(file, stored)
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise


def free(paths: Iterable[str]) -> None:
    """Make results that may not be written files of their own, with the same content and time.

    DVC leaves links where it checks out, and Snakemake stops at such an output.

    Parameters
    ----------
    paths
        Those that Snakemake tracks; what is absent or a symbolic link stays as it is.
    """
    for path in map(Path, paths):
        mode = os.lstat(path).st_mode if os.path.lexists(path) else 0
        if stat.S_ISREG(mode) and not mode & stat.S_IWUSR:
            with whole(path) as part:
                shutil.copy2(path, part)
                part.chmod(mode | stat.S_IWUSR)


def _share(file: str, stored: Path) -> None:
    if os.path.islink(file):
        return
    if stored.exists() and (os.path.samefile(file, stored) or stored.stat().st_nlink > 1):
        return
    part = stored.with_name(f".{os.getpid()}-{stored.name}.tmp")
    stored.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file, part)
        os.chmod(part, READ_ONLY)
        os.replace(part, stored)
    finally:
        part.unlink(missing_ok=True)
