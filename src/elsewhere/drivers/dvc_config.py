"""dvc_config: reads and sets DVC's options in `.dvc/config` and `.dvc/config.local`."""

from __future__ import annotations

import configparser
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

CONFIG = Path(".dvc/config")
OWN = CONFIG.with_name("config.local")  # what git does not share


def read(*files: Path) -> configparser.ConfigParser:
    """Return the options in these files, those of a later one before those of an earlier one."""
    parser = configparser.ConfigParser(interpolation=None)  # a password may hold a percent sign
    parser.read(files)
    return parser


def cache_folder() -> Path:
    """Return the folder of DVC's cache."""
    return _cache_folder(_state(CONFIG), _state(OWN))


@lru_cache(maxsize=1)
def _cache_folder(*states: tuple[int, int, int] | None) -> Path:
    """Read it once as long as both files stay: it is asked for several times for each stage."""
    del states
    return CONFIG.parent / read(CONFIG, OWN).get("cache", "dir", fallback="cache")


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def run(*arguments: str) -> None:
    """Run a command of DVC that changes options, such as ``config --local core.remote ours``."""
    subprocess.run([sys.executable, "-m", "dvc", *arguments, "--quiet"], check=True)
