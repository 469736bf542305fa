"""Containerfile and elsewhere.def make the same image, of the lock, without tools of tests."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
IMAGE = (ROOT / "Containerfile").read_text().replace("\\\n", " ")
RECIPE = (ROOT / "elsewhere.def").read_text()
INSTALL = (ROOT / "envs/install.sh").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def lines(directive: str) -> list[str]:
    """Return what stands behind a directive of Containerfile, without quotes."""
    return [
        " ".join(line.split()[1:]).replace('"', "")
        for line in IMAGE.splitlines()
        if line.startswith(f"{directive} ")
    ]


def section(name: str) -> list[str]:
    """Return the lines of a section of elsewhere.def, without quotes."""
    found = re.search(rf"^%{name}\n((?: .*\n)+)", RECIPE, re.M)
    assert found, f"elsewhere.def has no %{name}"
    return [" ".join(line.split()).replace('"', "") for line in found[1].splitlines()]


def test_both_start_from_the_same_and_take_the_same_arguments() -> None:
    assert lines("ARG") == section("arguments")
    assert lines("FROM") == ["${BASE}"]
    assert "\nFrom: {{ BASE }}\n" in RECIPE


def test_both_copy_the_same_files() -> None:
    work = lines("WORKDIR")[0]
    copied = {
        source: f"{work}/{target.removeprefix('./')}{'' if source == 'src' else Path(source).name}"
        for *sources, target in (line.split() for line in lines("COPY"))
        for source in sources
    }
    assert copied == dict(line.split() for line in section("files"))
    assert all((ROOT / source).exists() for source in copied)
    ignore = (ROOT / ".containerignore").read_text().splitlines()
    assert {line[1:] for line in ignore if line.startswith("!")} == {*copied}
    assert ignore[1] == "*"


def test_both_install_by_the_same_commands() -> None:
    commands = [line for line in lines("RUN") if "install" in line]
    assert commands == ["sh envs/install.sh ${TORCH_INDEX}"]
    assert section("post")[-1] == "sh envs/install.sh {{ TORCH_INDEX }}"
    assert section("post")[0] == f"cd {lines('WORKDIR')[0]}"
    assert section("environment") == [f"export {lines('ENV')[0]}"]


def test_no_job_needs_root() -> None:
    assert lines("USER") == ["1000"]
    assert lines("RUN")[-1].startswith("useradd --uid 1000 ")


def installed(extras: set[str]) -> set[str]:
    """Return all packages that the project with these extras pulls in, by what each declares."""
    found: set[tuple[str, frozenset[str]]] = set()
    optional = PROJECT["optional-dependencies"]
    left = [Requirement(text) for text in PROJECT["dependencies"]]
    left += [Requirement(text) for extra in extras for text in optional[extra]]
    while left:
        wanted = left.pop()
        name = canonicalize_name(wanted.name)
        if (name, frozenset(wanted.extras)) in found:
            continue
        found.add((name, frozenset(wanted.extras)))
        for text in metadata.requires(name) or []:
            needed = Requirement(text)
            asked = [{"extra": extra} for extra in ("", *wanted.extras)]
            if needed.marker is None or any(map(needed.marker.evaluate, asked)):
                left.append(needed)
    return {name for name, _ in found}


@pytest.fixture(scope="module")
def packages() -> set[str]:
    [extras] = re.findall(r'"\.\[([\w,]+)\]"', INSTALL)
    return installed({*extras.split(",")})


def test_the_lock_says_the_version_of_all_that_is_installed(packages: set[str]) -> None:
    """A package that it does not name would be of the day on which the image is built."""
    assert "grep -v '^#' requirements.lock > /tmp/constraints.txt" in INSTALL
    assert "--constraint /tmp/constraints.txt" in INSTALL
    rows = (ROOT / "requirements.lock").read_text().splitlines()
    locked = {canonicalize_name(row.split("==")[0]) for row in rows if not row.startswith("#")}
    assert packages - locked == {"setuptools"}, "it comes with Python and is in no `pip freeze`"


def test_no_tool_of_tests_is_in_an_image(packages: set[str]) -> None:
    tools = {
        canonicalize_name(Requirement(t).name) for t in PROJECT["optional-dependencies"]["dev"]
    }
    others = {"boto3", "httpx", "jsonschema", "packaging", "threadpoolctl"}  # libraries use them
    others |= {f"snakemake-interface-{of}-plugins" for of in ("executor", "logger")}
    assert packages & tools <= others
    assert {"pytest", "mypy", "ruff", "hypothesis"} & packages == set()


def test_every_rule_can_run_in_the_image() -> None:
    """What stands before the rules, outside them, is meant for all."""
    common = (ROOT / "workflow/rules/common.smk").read_text()
    assert re.search(r'^container: "elsewhere\.sif"', common, re.M)
    for name in ("Snakefile", "workflow/Snakefile"):
        text = (ROOT / name).read_text()
        assert text.index("common.smk") < text.index("rule all")
