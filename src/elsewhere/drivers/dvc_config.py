"""dvc_config: reads and sets DVC's options in `.dvc/config` and `.dvc/config.local`."""

from __future__ import annotations

import configparser
import subprocess
import sys
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
    return CONFIG.parent / read(CONFIG, OWN).get("cache", "dir", fallback="cache")


def run(*arguments: str) -> None:
    """Run a command of DVC that changes options, such as ``config --local core.remote ours``."""
    subprocess.run([sys.executable, "-m", "dvc", *arguments, "--quiet"], check=True)
