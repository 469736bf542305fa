"""nothing_to_do: what the drivers take where all is made, and in a clone, by the number of stages.

Every output of a study is a short text that is committed to DVC without a run: none of the commands
reads what is in a file whose time it knows. A study gets larger by copies of one of its arms.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from results import machine, write_section

HEADING = "## Nothing to do"
ROOT = Path(__file__).parents[1]
FOLDERS = ("volumes", "arrays", "outlines", "figures")
FILES = [30, 1000]  # in each folder of scans
LARGE = 1000  # stages, from which on one commit is measured, and once
HERE = ("snakemake -n {report}", "snakemake -j2 {report}", "dvc repro", "dvc status")
THERE = ("dvc pull -q", "snakemake -n {report}")
GIT = "git init -q && git config user.email a@b.invalid && git config user.name x"
DVC = "dvc init -q -f && dvc config core.analytics false && dvc remote add -q -d here ../remote"


def fabricate(study: str, number: int, files: int) -> None:
    """Fill the checkout in this folder, whose code is imported, with a finished study.

    Parameters
    ----------
    study
        Its name.
    number
        Of stages, at least; its own if it has more.
    files
        In each folder.
    """
    from elsewhere.design import params as tables
    from elsewhere.design.graph import stages
    from elsewhere.drivers import pipeline

    settings = Path("params.yaml")
    settings.write_text(re.sub(r"(?m)^run: .*$", f"run: [{study}]", settings.read_text()))
    params = tables.parse(tables.read())
    copies = more_arms(number - len(stages(params)), params.scale_of(study))
    settings.write_text(
        re.sub(r"(?m)^studies:$", f"studies:{larger(study, copies)}", settings.read_text())
    )
    values = tables.read()
    params = tables.parse(values)
    graph = stages(params)
    made = {path for stage in graph.values() for path in stage.outputs.values()}
    raw = sorted({path for stage in graph.values() for path in stage.files} - made)
    for path in raw:
        fill(Path(path), files)
    for stage in graph.values():
        for name, path in stage.outputs.items():
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            fill(Path(path), files) if name in FOLDERS else Path(path).write_text(f"{path}\n")
    pipeline.write(params)
    pipeline.write_read_by_dvc(values, params)
    subprocess.run(["dvc", "add", "-q", *raw], check=True)
    lock()
    print(len(graph))


def lock() -> None:
    """Commit all stages to DVC's cache and dvc.lock, but not to its run-cache.

    No command here asks the run-cache, and two thirds of a commit are YAML for it. DVC writes YAML
    in pure Python; libyaml takes a twentieth of the time for the same values.
    """
    import yaml
    from dvc.repo import Repo
    from dvc.stage.serialize import to_single_stage_lockfile

    entries = {}
    with Repo() as repo, repo.lock:
        for stage in repo.index.stages:
            if stage.is_data_source:
                continue
            stage.save(run_cache=False)
            stage.commit(relink=False)
            entries[stage.name] = json.loads(json.dumps(to_single_stage_lockfile(stage)))
    text = yaml.dump({"stages": entries}, Dumper=yaml.CSafeDumper, sort_keys=False, width=1000)
    Path("dvc.lock").write_text(f"schema: '2.0'\n{text}")


def more_arms(lacking: int, scale: Any) -> int:
    """Return the number of arms to add: each is a training a seed, and two stages a site."""
    each = len(scale.seeds) + 2 * len(scale.sites) + 1
    return max(0, -(-lacking // each))


def larger(study: str, copies: int) -> str:
    """Return the settings that give a study copies of its largest arm; none if it needs none."""
    from elsewhere.design import params as tables

    if not copies:
        return ""
    arms = tables.read()["studies"][study]["arms"]
    last = list(arms.values())[-1]
    more = {f"copy-{at}": {**last, "title": f"Copy {at}"} for at in range(copies)}
    return f"\n  {study}: {json.dumps({'like': study, 'arms': more})}"


def fill(folder: Path, files: int) -> None:
    folder.mkdir(parents=True)
    for at in range(files):
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
    return f"{min(cpus):.1f} / {min(walls):.1f}"


def measure(commit: str, study: str, number: int, files: int, top: Path) -> list[str]:
    """Return the cells of a row: numbers of stages and files, then seconds of each command."""
    work, clone = top / "work", top / "clone"
    work.mkdir(parents=True)
    subprocess.run(f"git archive {commit} | tar x -C {work}", shell=True, cwd=ROOT, check=True)
    sh(f"{GIT} && {DVC}", work)
    size = f"--stages {number} --files {files}"
    made = sh(f"{sys.executable} {Path(__file__)} --fabricate {study} {size}", work)
    report = f"results/{study}/report.html"
    sh(f"snakemake -j2 {report} && dvc push -q && git add -A && git commit -qm made", work)
    commands = [command.format(report=report) for command in HERE]
    cells = [seconds(command, work, 1 if number >= LARGE else 3) for command in commands]
    sh(f"git clone -q {work} {clone}", top)
    cells += [seconds(command.format(report=report), clone, 1) for command in THERE]
    return [made.split()[-1], str(files), *cells]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "commits", nargs="*", default=["HEAD"], help="the first alone at 1,000 stages and more"
    )
    parser.add_argument("--study", default="nguyen2021")
    parser.add_argument("--stages", type=int, nargs="+", default=[0, 400, 2000])
    parser.add_argument(
        "--files",
        type=int,
        nargs="+",
        default=FILES,
        help="the first for all numbers of stages, others for the second",
    )
    parser.add_argument("--fabricate", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.fabricate:
        fabricate(given.fabricate, given.stages[0], given.files[0])
        return
    rows = []
    sizes = [(number, given.files[0]) for number in given.stages]
    sizes += [(number, many) for many in given.files[1:] for number in given.stages[1:2]]
    for number, files in sizes:
        for commit in given.commits[:1] if number >= LARGE else given.commits:
            with tempfile.TemporaryDirectory() as folder:
                cells = measure(commit, given.study, number, files, Path(folder))
            name = sh(f"git rev-parse --short=8 {commit}", ROOT).strip()
            rows.append(f"| {name} | {' | '.join(cells)} |")
            print(rows[-1], flush=True)
    write_section(HEADING, section(given.study, rows))


def section(study: str, rows: list[str]) -> str:
    names = " | ".join(f"`{command.replace(' {report}', '')}`" for command in (*HERE, *THERE))
    return "\n".join(
        [
            HEADING,
            "",
            f"`python benchmarks/nothing_to_do.py`, {datetime.date.today()}, {machine()}.",
            f"The study {study} at its demo scale, with copies of its largest arm, finished: CPU / "
            "wall seconds of the whole process, the best of 3, from 1,000 stages on of 1. The last "
            "two are of a clone that has nothing but Git's files, of 1. Files: in each folder of "
            "scans.",
            "",
            f"| commit | stages | files | {names} |",
            "|---|" + "---:|" * (2 + len(HERE) + len(THERE)),
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    main()
