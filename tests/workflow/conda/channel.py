"""channel: a conda channel in a folder, whose packages are a `python` that says where it is."""

import asyncio
import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path

from rattler.index import index_fs

PYTHON = """#!/bin/sh
echo "{name} $CONDA_PREFIX $@" >> "$CONDA_LOG"
exec {executable} "$@"
"""


def make(folder: Path, names: list[str]) -> None:
    """Write a package ``<name> 1.0`` for each name, and the channel's index."""
    (folder / "noarch").mkdir(parents=True)
    for name in names:
        script = PYTHON.format(name=name, executable=sys.executable).encode()
        _package(folder / "noarch" / f"{name}-1.0-0.tar.bz2", name, {"bin/python": script})
    asyncio.run(index_fs(folder))


def _package(path: Path, name: str, files: dict[str, bytes]) -> None:
    index = {
        "name": name,
        "version": "1.0",
        "build": "0",
        "build_number": 0,
        "depends": [],
        "subdir": "noarch",
        "noarch": "generic",
    }
    listed = [
        {
            "_path": file,
            "path_type": "hardlink",
            "sha256": hashlib.sha256(content).hexdigest(),
            "size_in_bytes": len(content),
        }
        for file, content in files.items()
    ]
    about = {
        "info/index.json": json.dumps(index).encode(),
        "info/paths.json": json.dumps({"paths_version": 1, "paths": listed}).encode(),
        "info/files": ("\n".join(files) + "\n").encode(),
    }
    with tarfile.open(path, "w:bz2") as archive:
        for file, content in {**about, **files}.items():
            member = tarfile.TarInfo(file)
            member.size = len(content)
            member.mode = 0o755 if file.startswith("bin/") else 0o644
            archive.addfile(member, io.BytesIO(content))
