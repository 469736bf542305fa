"""project: a checkout in a temporary folder whose steps are stand-ins that only hash their inputs.

The drivers do not care what a step computes, so the graph, the rules, the bridge and both tools are
the real ones, and a stand-in counts its executions in a log outside the checkout. Groups of an
audit hold one of two texts, whatever else changes: a raw file that says "twin" changes them.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Container
from pathlib import Path

from dvc.utils.serialize import load_yaml

from elsewhere.design.steps import STEPS

ROOT = Path(__file__).parents[2]
STAND_IN = '''"""A stand-in step: hashes what it is handed."""
import hashlib, os, time
from pathlib import Path
from elsewhere.files import whole

class Settings:
    def __init__(self, **fields):
        self.fields = fields

def files(table):
    for value in table.values():
        for path in value.values() if isinstance(value, dict) else [value]:
            yield from sorted(path.rglob("*")) if path.is_dir() else [path]

def run(job, settings):
    seen, twin = hashlib.md5(repr(sorted(settings.fields.items())).encode()), False
    for path in files(job.inputs):
        if path.is_file():
            content = path.read_bytes()
            seen.update(content)
            twin = twin or b"twin" in content
    with open(os.environ["STAND_IN_LOG"], "a") as log:
        log.write(job.name + "\\n")
    seen = seen.hexdigest() + ("twin" if twin else "")
    time.sleep(float(os.environ.get("STAND_IN_SLEEP", "0")))
    while not os.path.exists(os.environ.get("STAND_IN_UNTIL", ".")):
        time.sleep(0.05)
    for name, path in job.outputs.items():
        with whole(path) as part:
            if name in ("volumes", "arrays", "outlines", "figures"):
                part.mkdir()
                (part / "one").write_text(seen)
            elif name.startswith("groups/"):
                part.write_text("twin" if twin else "alone")
            else:
                part.write_text(seen + name)
'''


SITES = ("utsw", "cc-ccii", "covid-ctset", "mosmed", "sars-cov-2-ct", "covid-ct")

# One arm that trains on one site, on two, with layers of the sites' own, and without any training.
ARMS = {
    "contrastive": ("single-a", "joint", "contrastive", "contrastive-mean"),
    "nguyen2021": ("utsw", "utsw_cc-ccii_covid-ctset_mosmed"),
}


# Stands before the arm from whose models it starts; both drivers must order them.
STARTS = """\
      joint-further: {sites: [site-a], method: erm, network: covidnet-redesign, starts_from: joint}
"""


def fewer(study: str, arms: Container[str]) -> str:
    """Return the file of a study with these arms only, and nothing that names others.

    More folds and arms would be more of the same stages.
    """
    kept, dropping = [], False
    for line in study.splitlines():
        depth = len(line) - len(line.lstrip())
        if depth <= 4:
            dropping = line.strip().startswith(("comparisons:", "roc_panels:"))
        arm = re.match(r"      ([\w-]+): \{sites: ", line)
        if not dropping and (arm is None or arm[1] in arms):
            kept.append(line)
    return "\n".join(kept).replace("kind: folds, folds: 4", "kind: folds, folds: 2") + "\n"


def copy_checkout(folder: Path) -> None:
    """Make a folder of all that both drivers need of this checkout, but settings and data."""
    folder.mkdir()
    for name in ("Snakefile", ".gitignore", ".dvcignore"):
        shutil.copy(ROOT / name, folder)
    skip = shutil.ignore_patterns("*.egg-info")  # bytecode goes with its source
    for name in ("workflow", "profiles", "src", "envs"):
        shutil.copytree(ROOT / name, folder / name, ignore=skip)


class Project:
    """A git and DVC repository with raw data, both drivers at hand."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "project"
        self.log = folder / "executions.log"
        self.remote = folder / "remote"
        copy_checkout(self.path)
        shutil.copytree(ROOT / "tests/params", self.path, dirs_exist_ok=True)
        for name, arms in ARMS.items():
            study = self.path / f"config/studies/{name}.yaml"
            study.write_text(fewer(study.read_text(encoding="utf-8"), arms), encoding="utf-8")
        text = self.study.read_text(encoding="utf-8")
        self.study.write_text(text.replace("      joint: {", f"{STARTS}      joint: {{"))
        self.edit("run: [nguyen2021, contrastive, chestxray]", "run: [nguyen2021, contrastive]")
        for step in STEPS:
            (self.path / f"src/elsewhere/steps/{step}.py").write_text(STAND_IN)
        # no stand-in needs torch, so what imports it is a process that plans or supervises
        (self.path / "src/torch.py").write_text("raise AssertionError('torch is imported')\n")
        folders = [f"{site}-synthetic" for site in SITES] + ["utsw-synthetic-masks"]
        for site in folders:
            raw = self.path / f"data/raw/{site}"
            raw.mkdir(parents=True)
            for i in range(2):
                (raw / f"{i}.dcm").write_text(f"{site} slice {i}\n")
        self.sh("git init -q && git config user.email a@b.invalid && git config user.name x")
        self.sh("dvc init -q && dvc config core.analytics false")
        self.sh("dvc config cache.type hardlink,copy")  # the harder case: shared files
        self.sh(f"dvc remote add -q -d here {self.remote}")
        self.sh("python -m elsewhere graph && dvc add -q data/raw/*")
        self.sh("git add -A && git commit -qm start")

    @property
    def study(self) -> Path:
        """The file of the study with few arms."""
        return self.path / "config/studies/contrastive.yaml"

    @classmethod
    def at(cls, folder: Path) -> "Project":
        """Return the project that stands in a folder already."""
        project = cls.__new__(cls)
        project.path, project.log = folder / "project", folder / "executions.log"
        project.remote = folder / "remote"
        return project

    def copy(self, folder: Path) -> "Project":
        """Return another checkout as this one stands, with the same remote."""
        other = Project.at(folder)
        other.remote = self.remote
        shutil.copytree(self.path, other.path, symlinks=True)
        return other

    def environment(self, cwd: Path) -> dict[str, str]:
        """Return the environment of a command: the checkout's own code, and the log."""
        return {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(cwd / "src"),
            "STAND_IN_LOG": str(self.log),
        }

    def start(self, command: str, cwd: Path | None = None) -> subprocess.Popen[str]:
        """Start a shell command in the checkout, which a test may kill or overtake."""
        cwd = cwd or self.path
        return subprocess.Popen(
            ["bash", "-c", command],
            cwd=cwd,
            env=self.environment(cwd),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )

    def sh(self, command: str, *, check: bool = True, cwd: Path | None = None) -> str:
        """Run a shell command in the checkout; return all that it printed."""
        process = self.start(command, cwd)
        printed, _ = process.communicate()
        assert not check or process.returncode == 0, f"{command}\n{printed}"
        return printed

    def executed(self) -> list[str]:
        """Return the stages executed since the last call."""
        names = self.log.read_text().split() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return names

    def planned(self, cwd: Path | None = None) -> list[str]:
        """Return the jobs that `snakemake -n` plans, by their logs' names."""
        text = self.sh("snakemake -n", cwd=cwd)
        jobs = re.findall(r"log: logs/(\S+)\.log", text)
        return [job.replace("/", "--") for job in jobs]

    def edit(self, old: str, new: str) -> None:
        """Replace the one occurrence of a text in params.yaml."""
        path = self.path / "params.yaml"
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        path.write_text(text.replace(old, new))


def everything(project: Project) -> set[str]:
    """Every stage of dvc.yaml but the one that checks dvc.yaml itself."""
    return {*load_yaml(str(project.path / "dvc.yaml"))["stages"]} - {"graph"}


def nothing_to_do(project: Project, cwd: Path | None = None) -> None:
    """Both tools find nothing to do, and do nothing."""
    project.sh("dvc repro -q", cwd=cwd)
    assert project.executed() == []
    assert project.planned(cwd) == []


def named_by_dvc(project: Project) -> set[str]:
    """Return the stages of `dvc status`; raw data with a .dvc file are no stages."""
    found = json.loads(project.sh("dvc status --json 2>/dev/null"))
    return {name for name in found if not name.endswith(".dvc")}
