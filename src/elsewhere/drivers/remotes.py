"""remotes: makes DVC compare what it pulls with its name, unless the user decided otherwise."""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
from pathlib import Path

CONFIG = Path(".dvc/config")
_SECTION = re.compile(r"""'?remote "(.+)"'?""")


def verify() -> list[str]:
    """Set `verify` for each remote of this project that does not have it; return their names.

    DVC takes an object from a remote for what its name says. With `verify` it hashes what it
    pulls, so that a damaged model is not found only after a study was computed with it.
    """
    shared, own = configparser.ConfigParser(), configparser.ConfigParser()
    shared.read(CONFIG)
    own.read(CONFIG.with_name("config.local"))
    names = []
    for section in shared.sections():
        remote = _SECTION.fullmatch(section)
        if remote and not any(file.has_option(section, "verify") for file in (shared, own)):
            dvc = [sys.executable, "-m", "dvc", "remote", "modify", remote[1], "verify", "true"]
            subprocess.run([*dvc, "--quiet"], check=True)
            names.append(remote[1])
    return names
