"""process: run a module of this room in a process of its own with limits, as a guard of the rest.

Files from outside may be made to crash a decoder, to loop for ever or to fill the memory. That ends
the process and no other. The process ends with its parent, too.
"""

from __future__ import annotations

import errno
import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from elsewhere.answers.answer import Refused
from elsewhere.design.reading import ParamsError
from elsewhere.design.serving import ServeRow
from elsewhere.threads import ONE

FAILED = "failed.json"
FULL_DISK = "the disk is full; make room and ask again"
# no password of an archive and no secret of this machine is in the reach of a decoder
_KEPT = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_", "TZ", "CUDA_", "NVIDIA_")
_POLL = 0.05  # s
_WEIGHED_S = 1.0  # between two looks at how much lies in `work`
_TIMES = 3  # so many times what files may be unpacked: them, their voxels, and prepared arrays
_FULL = (errno.ENOSPC, errno.EDQUOT)
_FILE_GB = 8  # largest file that a process may write: the voxels of a scan have a limit below
_GB = 10**9


class Stopped(RuntimeError):  # noqa: N818 - somebody asked for it
    """The question was taken back before it was answered."""


def run(
    module: str,
    arguments: Sequence[str],
    *,
    work: Path,
    limits: ServeRow,
    stop: threading.Event | None = None,
) -> None:
    """Run ``elsewhere.answers.<module>`` and wait for its end.

    The process has limits of memory, processor time and file size, leaves no core dump, and is the
    first of a process group. The whole group is killed after `limits.seconds`, at `stop`, and when
    this process dies. It writes below `work` alone, and nothing that it prints is kept: libraries
    print names of files.

    Parameters
    ----------
    module
        Its name; its `main` calls `confined`.
    arguments
        Handed to it, after the limits.
    work
        An existing private folder.
    limits
        What it may cost.
    stop
        Set to end it.

    Raises
    ------
    Refused
        If it refused the question, or reached a limit.
    Stopped
        If `stop` was set.
    RuntimeError
        If it failed: then the program is wrong.
    """
    (work / FAILED).unlink(missing_ok=True)
    given = [str(work), str(limits.memory_gb), str(limits.seconds), *arguments]
    with subprocess.Popen(
        [sys.executable, "-P", "-m", f"elsewhere.answers.{module}", *given],
        env=_environment(work),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as child:
        try:
            late = _wait(child, work, limits, stop)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
    if stop is not None and stop.is_set():
        raise Stopped("the question was taken back")
    if late:
        raise Refused(
            f"this took longer than {limits.seconds} seconds and was ended; ask with fewer scans, "
            "or raise serve.seconds in params.yaml"
        )
    if child.returncode:
        _tell(child.returncode, work, limits)


def _environment(work: Path) -> dict[str, str]:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    set_here = {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    kept = {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}
    return {**kept, **ONE, "MALLOC_ARENA_MAX": "1", **set_here, "TMPDIR": str(work)}


def _wait(
    child: subprocess.Popen[bytes], work: Path, limits: ServeRow, stop: threading.Event | None
) -> bool:
    """Wait for the end of a process, or until it must end; say whether it was too slow.

    Raises
    ------
    Refused
        If it writes more than files may be unpacked: each file of a bomb may be within its limit.
    """
    weighed = time.monotonic()
    end = weighed + limits.seconds
    while time.monotonic() < end:
        if stop is not None and stop.is_set():
            return False
        if time.monotonic() - weighed > _WEIGHED_S:
            _check_weight(work, limits)
            weighed = time.monotonic()
        try:
            child.wait(_POLL)
        except subprocess.TimeoutExpired:
            continue
        return False
    return True


def _check_weight(work: Path, limits: ServeRow) -> None:
    most = _TIMES * limits.unpacked_megabytes
    if weight(work) > most * 10**6:
        raise Refused(
            f"what is made of these files needs more than {most} MB of the disk ({_TIMES} times "
            "serve.unpacked_megabytes in params.yaml); send one scan alone"
        )


def is_full(error: BaseException) -> bool:
    """Whether an error says that the disk is full, or the part of it that the user may fill."""
    return isinstance(error, OSError) and error.errno in _FULL


def weight(folder: Path) -> int:
    """Return the bytes of the files below a folder, in which others may write and remove."""
    found = 0
    for at, _, names in os.walk(folder):  # passes over folders that are gone
        for name in names:
            with suppress(FileNotFoundError):
                found += os.lstat(os.path.join(at, name)).st_size
    return found


def _tell(code: int, work: Path, limits: ServeRow) -> None:
    """Raise what a process that failed has written, or what its end means."""
    if code == errno.ENOSPC:
        raise Refused(FULL_DISK)
    try:
        told = json.loads((work / FAILED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        name = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        raise Refused(
            f"reading these files ended without an answer ({name}): they are damaged, or need more "
            f"than {limits.memory_gb:g} GB or {limits.seconds} seconds (serve.memory_gb and "
            "serve.seconds in params.yaml)"
        ) from None
    raise (Refused if told["refused"] else RuntimeError)(told["sentence"])


def confined(main: Callable[..., None]) -> None:
    """Be the process that `run` starts: take the limits from the command line and call `main`.

    Parameters
    ----------
    main
        Called with `work` as a path and the further arguments as they are. `Refused` becomes the
        sentence for the person; any other error only its type and place: its text may hold a name.
    """
    work, memory_gb, seconds, *arguments = sys.argv[1:]
    _limit(float(memory_gb), float(seconds))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        main(Path(work), *arguments)
    except (Refused, ParamsError) as error:
        _failed(work, str(error), refused=True)
    except FileNotFoundError as error:
        if not (sentence := missing(error)):
            _failed(work, _told(error), refused=False)
        _failed(work, sentence, refused=True)
    except MemoryError:
        sentence = (
            f"these files need more memory than {memory_gb} GB; ask with fewer or smaller scans, "
            "or raise serve.memory_gb in params.yaml"
        )
        _failed(work, sentence, refused=True)
    except Exception as error:
        if is_full(error):
            os._exit(errno.ENOSPC)  # nothing can be written
        _failed(work, _told(error), refused=False)


def missing(error: FileNotFoundError) -> str:
    """Return what to do about a file of the project that is not here; empty of another file."""
    # Arrow tells the path only in its sentence; a name of another file may be that of a patient
    found = re.search(r"'((results|data)/[^']+)'", str(error))
    return f"{found[1]} is missing; run `dvc pull` or `snakemake -j8` first" if found else ""


def _told(error: Exception) -> str:
    """Say where the program is wrong, without the words of the error."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    at = f"{Path(place.filename).stem}.{place.name}, line {place.lineno}"
    return f"the question failed ({type(error).__name__} in {at})"


def _limit(memory_gb: float, seconds: float) -> None:
    os.umask(0o077)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for kind, value in (
        (resource.RLIMIT_AS, int(memory_gb * _GB) or resource.RLIM_INFINITY),
        (resource.RLIMIT_CPU, int(seconds) * (os.cpu_count() or 1)),
        (resource.RLIMIT_FSIZE, _FILE_GB * _GB),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (value, value))


def _end_with_parent() -> None:
    """Kill this process group when the parent, which holds the other end of the pipe, is gone."""
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGKILL)


def _failed(work: str, sentence: str, *, refused: bool) -> None:
    said: dict[str, Any] = {"sentence": sentence, "refused": refused}
    (Path(work) / FAILED).write_text(json.dumps(said), encoding="utf-8")
    os._exit(1)
