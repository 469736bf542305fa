"""The workflow deployed as a module of another project, as `snakedeploy` does it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.users_settings

ROOT = Path(__file__).parents[2]
SITES = ("utsw", "cc-ccii", "covid-ctset", "mosmed")
# What snakedeploy writes, but for the address: a local repository in place of a forge.
SNAKEFILE = """
configfile: "config/config.yaml"


module elsewhere:
    snakefile:
        "git+file://{repository}/workflow/Snakefile@main"
    config:
        config


use rule * from elsewhere
"""


def sh(command, folder, **variables):
    done = subprocess.run(
        ["bash", "-ec", command],
        cwd=folder,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    top = tmp_path_factory.mktemp("origin")
    for name in ("workflow", "config", "envs", "profiles"):
        shutil.copytree(ROOT / name, top / name)
    for name in ("Snakefile", "LICENSE"):
        shutil.copy(ROOT / name, top)
    shutil.copy(ROOT / "tests/params/params.yaml", top)
    sh("git init -qb main && git add -A", top)
    sh("git -c user.email=a@b.invalid -c user.name=x commit -qm start", top)
    return top


@pytest.fixture(scope="module")
def deployed(repository, tmp_path_factory):
    """A project with what snakedeploy copies: configuration, profiles, licence, a Snakefile."""
    top = tmp_path_factory.mktemp("deployed")
    for name in ("config", "profiles"):
        shutil.copytree(repository / name, top / name)
    shutil.copy(repository / "LICENSE", top)
    (top / "workflow").mkdir()
    snakefile = SNAKEFILE.format(repository=repository)
    (top / "workflow/Snakefile").write_text(snakefile, encoding="utf-8")
    for name in [*(f"{site}-synthetic" for site in SITES), "utsw-synthetic-masks"]:
        folder = top / f"data/raw/{name}"
        folder.mkdir(parents=True)
        (folder / "a file").write_text("of the site", encoding="utf-8")
    return top


@pytest.mark.slow
def test_the_module_plans_the_studies_of_its_settings(deployed):
    """The package stands for an installed one: the project has no src/ of its own."""
    installed = {"PYTHONPATH": str(ROOT / "src"), "XDG_CACHE_HOME": str(deployed / ".cache")}
    first = sh("snakemake -n results/nguyen2021/report.html", deployed, **installed)
    assert "params.yaml written" in first
    assert (deployed / "src/elsewhere").samefile(ROOT / "src/elsewhere")
    settings = deployed / "params.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("[nguyen2021, contrastive, chestxray]", "[nguyen2021]"))
    planned = sh("snakemake -n", deployed, **installed)
    assert "params.yaml written" not in planned
    counts = dict(line.split() for line in planned.splitlines() if len(line.split()) == 2)
    assert (counts["ingest"], counts["train"], counts["predict"], counts["all"]) == (
        *("4", "9", "36", "1"),
    )


def test_without_the_package_the_message_says_what_to_install(repository, tmp_path):
    """The Snakefile alone, in a Python that has Snakemake and not this package."""
    code = (repository / "workflow/Snakefile").read_text(encoding="utf-8")
    attempt = code.partition("# What a clone has")[0]
    program = f"class WorkflowError(Exception): pass\n{attempt}"
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "the package elsewhere is not installed: `pip install`" in done.stderr
