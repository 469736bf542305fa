"""nothing_to_do: what the drivers take where all is made, and in a clone, at two commits.

Every output of a study is a short text that is committed to DVC without a run: none of the commands
reads what is in a file whose time it knows.
"""

from __future__ import annotations

import argparse
import datetime
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from results import machine, write_section

HEADING = "## Nothing to do"
ROOT = Path(__file__).parents[1]
FOLDERS = ("volumes", "arrays", "outlines", "figures")
FILES = 30  # in each folder
GIT = "git init -q && git config user.email a@b.invalid && git config user.name x"
DVC = "dvc init -q -f && dvc config core.analytics false && dvc remote add -q -d here ../remote"


def fabricate(study: str) -> None:
    """Fill the checkout in this folder, whose code is imported, with a finished study."""
    from elsewhere.design import params as tables
    from elsewhere.design.graph import stages
    from elsewhere.drivers import cache, pipeline

    settings = Path("params.yaml")
    settings.write_text(re.sub(r"(?m)^run: .*$", f"run: [{study}]", settings.read_text()))
    values = tables.read()
    params = tables.parse(values)
    graph = stages(params)
    made = {path for stage in graph.values() for path in stage.outputs.values()}
    raw = sorted({path for stage in graph.values() for path in stage.files} - made)
    for path in raw:
        fill(Path(path))
    for stage in graph.values():
        for name, path in stage.outputs.items():
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            fill(Path(path)) if name in FOLDERS else Path(path).write_text(f"{path}\n")
    pipeline.write(params)
    pipeline.write_read_by_dvc(values, params)
    subprocess.run(["dvc", "add", "-q", *raw], check=True)
    with cache.opened() as opened:
        for name in ("graph", *graph):
            opened.commit(name)
    print(len(graph))


def fill(folder: Path) -> None:
    folder.mkdir(parents=True)
    for at in range(FILES):
        (folder / f"{at}.dcm").write_text(f"{folder} {at}")


def sh(command: str, folder: Path) -> str:
    """Run a command with the code of a checkout; return what it printed."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "PATH": path}
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment, check=True, text=True, capture_output=True
    )
    return done.stdout + done.stderr


def seconds(command: str, folder: Path, times: int) -> str:
    """Return the least wall and processor seconds of a command."""
    walls, cpus = [], []
    for _ in range(times):
        start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        printed = sh(command, folder)
        walls.append(time.perf_counter() - start)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        assert "pull" in command or re.search("Nothing to be done|up to date", printed), printed
    return f"{min(cpus):.1f} | {min(walls):.1f}"


def measure(commit: str, study: str, top: Path) -> list[str]:
    """Return the cells of a row: number of stages, then seconds of each command."""
    work, clone = top / "work", top / "clone"
    work.mkdir(parents=True)
    subprocess.run(f"git archive {commit} | tar x -C {work}", shell=True, cwd=ROOT, check=True)
    sh(f"{GIT} && {DVC}", work)
    number = sh(f"{sys.executable} {Path(__file__)} --fabricate {study}", work).split()[-1]
    report = f"results/{study}/report.html"
    sh(f"snakemake -j2 {report} && dvc push -q && git add -A && git commit -qm made", work)
    cells = [seconds(f"snakemake -n {report}", work, 3), seconds("dvc repro", work, 3)]
    sh(f"git clone -q {work} {clone}", top)
    cells.append(seconds("dvc pull -q", clone, 1))
    cells.append(seconds(f"snakemake -n {report}", clone, 1))
    return [number, *cells]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commits", nargs="*", default=["HEAD"])
    parser.add_argument("--study", default="nguyen2021")
    parser.add_argument("--fabricate", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.fabricate:
        fabricate(given.fabricate)
        return
    rows = []
    for commit in given.commits:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(f"| {commit} | {' | '.join(measure(commit, given.study, Path(folder)))} |")
    write_section(HEADING, section(given.study, rows))


def section(study: str, rows: list[str]) -> str:
    commands = ("`snakemake -n`", "`dvc repro`", "`dvc pull`", "then `snakemake -n`")
    names = " | ".join(f"{command}: CPU s | wall s" for command in commands)
    return "\n".join(
        [
            HEADING,
            "",
            f"`python benchmarks/nothing_to_do.py`, {datetime.date.today()}, {machine()}.",
            f"The study {study} at its demo scale, finished, and a clone of it that pulls; the "
            "best of 3, in the clone of 1.",
            "",
            f"| commit | stages | {names} |",
            "|---|" + "---:|" * (1 + 2 * len(commands)),
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    main()
