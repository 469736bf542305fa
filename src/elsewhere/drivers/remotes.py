"""remotes: makes DVC compare what it pulls with its name, unless the user decided otherwise."""

from __future__ import annotations

import re

from elsewhere.drivers import dvc_config
from elsewhere.drivers.dvc_config import CONFIG, OWN

_SECTION = re.compile(r"""'?remote "(.+)"'?""")


def default() -> str | None:
    """Return the name of the remote that `dvc push` and `dvc pull` use; None if there is none."""
    found = dvc_config.read(CONFIG, OWN)
    return found.get("core", "remote", fallback=None)


def verify() -> list[str]:
    """Set `verify` for each remote of this project that does not have it; return their names.

    DVC takes an object from a remote for what its name says. With `verify` it hashes what it
    pulls, so that a damaged model is not found only after a study was computed with it.
    """
    shared, both = dvc_config.read(CONFIG), dvc_config.read(CONFIG, OWN)
    names = []
    for section in both.sections():
        remote = _SECTION.fullmatch(section)
        if remote and not both.has_option(section, "verify"):
            place = [] if shared.has_section(section) else ["--local"]
            dvc_config.run("remote", "modify", remote[1], "verify", "true", *place)
            names.append(remote[1])
    return names
