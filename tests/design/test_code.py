"""code: the closure of a step contains all files that the step can import, and few others."""

import subprocess
import sys
from pathlib import Path

import pytest

from elsewhere.design import kinds
from elsewhere.design.code import closure
from elsewhere.design.steps import STEPS

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"
DESIGN = SRC / "elsewhere/design"

# Imports each step anew in one process: what is asked for is the list of the package's modules.
LOADED = """
import importlib, sys
for step in sys.argv[1:]:
    for name in [name for name in sys.modules if name.split(".")[0] == "elsewhere"]:
        del sys.modules[name]
    importlib.import_module(f"elsewhere.steps.{step}")
    found = [m.__file__ for name, m in sys.modules.items() if name.split(".")[0] == "elsewhere"]
    print(step, *filter(None, found))
"""


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[str]]:
    """Files of the package that importing a step really loads; empty ones are no code."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *STEPS],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(SRC), "PATH": "", "OMP_NUM_THREADS": "1"},
    )
    rows = [line.split() for line in done.stdout.splitlines()]
    # rows of kinds are loaded for all of a shelf; the stage adds those that it names
    shelves = {DESIGN / shelf for shelf in kinds.ROOMS}
    return {
        row[0]: {p for p in row[1:] if Path(p).stat().st_size and Path(p).parent not in shelves}
        for row in rows
    }


@pytest.mark.parametrize("step", STEPS)
def test_all_that_an_import_loads_is_in_the_closure(step: str, loaded: dict[str, set[str]]) -> None:
    assert len(loaded[step]) > 2
    assert loaded[step] <= set(closure(f"elsewhere.steps.{step}", source=SRC))


def rooms(*modules: str) -> set[str]:
    return {
        Path(path).relative_to(SRC / "elsewhere").parts[0] for path in closure(*modules, source=SRC)
    }


@pytest.mark.parametrize(
    ("step", "without"),
    [
        ("ingest", {"cohorts", "networks", "methods", "scores", "figures", "drivers"}),
        ("prepare", {"cohorts", "networks", "methods", "scores", "figures", "drivers"}),
        ("split", {"networks", "methods", "scores", "figures", "drivers", "phantom"}),
        ("train", {"scores", "figures", "drivers", "phantom"}),
        ("predict", {"figures", "drivers", "phantom"}),
        ("score", {"imaging", "sites", "cohorts", "networks", "methods", "figures", "drivers"}),
        ("figure", {"networks", "methods", "drivers", "phantom"}),
    ],
)
def test_a_line_of_another_room_does_not_rerun_a_step(step: str, without: set[str]) -> None:
    """A change of scoring code never retrains, one of a figure never scores, and so on."""
    assert not rooms(f"elsewhere.steps.{step}") & without


@pytest.mark.parametrize("step", ["train", "predict"])
def test_one_network_does_not_rerun_another(step: str) -> None:
    found = closure(f"elsewhere.steps.{step}", "elsewhere.networks.nguyen_cnn", source=SRC)
    names = {Path(path).name for path in found}
    assert "nguyen_cnn.py" in names
    assert "covidnet_redesign.py" not in names


def test_one_layout_does_not_rerun_another() -> None:
    found = closure("elsewhere.steps.ingest", "elsewhere.sites.mosmed", source=SRC)
    names = {Path(path).name for path in found}
    assert "mosmed.py" in names
    assert not {"cc_ccii.py", "covid_ct.py", "covid_ctset.py", "dicom_series.py"} & names


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package whose modules import one another in every way there is."""
    files = {
        "__init__.py": "",
        "a.py": "import elsewhere.b\nimport os, numpy\n",
        "b.py": "def f():\n    from elsewhere import c\n",
        "c.py": "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from elsewhere.deep import d\n",
        "deep/__init__.py": "from . import e\n",
        "deep/d.py": "from .. import f\nfrom .e import thing\n",
        "deep/e.py": "import elsewhere.a\n",
        "f.py": "from elsewhere_plugin import x\n",
        "apart.py": "",
        "alone.py": "x = 1\n",
    }
    for name, text in files.items():
        path = tmp_path / "elsewhere" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def names(source: Path, *modules: str) -> set[str]:
    top = source / "elsewhere"
    return {Path(path).relative_to(top).as_posix() for path in closure(*modules, source=source)}


def test_every_kind_of_import_is_followed_and_cycles_end(package: Path) -> None:
    everything = {"a.py", "b.py", "c.py", "deep/__init__.py", "deep/d.py", "deep/e.py", "f.py"}
    assert names(package, "elsewhere.a") == everything
    assert names(package, "elsewhere.alone") == {"alone.py"}
    assert names(package, "elsewhere.alone", "elsewhere.f") == {"alone.py", "f.py"}


def test_an_edited_import_is_seen(package: Path) -> None:
    assert names(package, "elsewhere.alone") == {"alone.py"}
    (package / "elsewhere/alone.py").write_text("from elsewhere import f\n")
    assert names(package, "elsewhere.alone") == {"alone.py", "f.py"}


def test_a_file_that_gets_its_first_line_joins(package: Path) -> None:
    (package / "elsewhere/f.py").write_text("import elsewhere.apart\n")
    assert names(package, "elsewhere.f") == {"f.py"}
    (package / "elsewhere/apart.py").write_text("x = 1\n")
    assert names(package, "elsewhere.f") == {"f.py", "apart.py"}


def test_a_missing_module_is_named(package: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no module elsewhere\.nothing below"):
        closure("elsewhere.nothing", source=package)
