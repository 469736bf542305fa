"""Lock, pyproject.toml and conda environments agree with each other and with what steps import."""

import ast
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from elsewhere.design import graph, kinds, params
from elsewhere.design.code import closure
from elsewhere.design.steps import STEPS

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
FLOWER = SOURCE / "elsewhere/carriers/flower"
TORCH = "2.13.0"
ENVS = ("imaging", "torch", "torch-cpu", "figures", "federation")
CONDA_TO_PYPI = {
    "gdcm": "python-gdcm",
    "huggingface_hub": "huggingface-hub",
    "matplotlib-base": "matplotlib",
    "pandera-base": "pandera",
    "python-blosc2": "blosc2",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "seaborn-base": "seaborn",
}
MODULE_TO_PYPI = {
    "PIL": "pillow",
    "docx": "python-docx",
    "pydantic_core": "pydantic",
    "ruamel": "ruamel.yaml",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
PLUGINS = {  # loaded by another library, so that no import statement names them
    "openpyxl": "pandas reads workbooks with it",
    "pyarrow": "pandas reads and writes Parquet with it",
    "pylibjpeg": "pydicom decodes with it",
    "pylibjpeg-libjpeg": "pydicom decodes JPEG with it",
    "pylibjpeg-openjpeg": "pydicom decodes JPEG 2000 with it",
    "pylibjpeg-rle": "pydicom decodes RLE with it",
    "python-gdcm": "pydicom decodes with it",
    "ruamel-yaml-clib": "dvc reads dvc.yaml with it, ten times as fast",
    "torchvision": "timm imports it",
}


def locked(name="requirements.lock"):
    rows = (ROOT / name).read_text().splitlines()
    pairs = (row.split("==") for row in rows if not row.startswith("#"))
    return {canonicalize_name(name): Version(version) for name, version in pairs}


LOCK = locked()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DEPENDENCIES = [Requirement(text) for text in PROJECT["dependencies"]]
GROUPS = PROJECT["optional-dependencies"]
APART = ("docs", "federation", "kubernetes")  # groups with a lock of their own
OPTIONAL = [Requirement(text) for name in GROUPS if name not in APART for text in GROUPS[name]]
DOCS, FEDERATION, KUBERNETES = ([Requirement(text) for text in GROUPS[name]] for name in APART)


def listed(name):
    """Rows of an environment: what conda installs, and what pip does then."""
    rows = yaml.safe_load((ROOT / f"envs/{name}.yaml").read_text())["dependencies"]
    by_conda = [row for row in rows if isinstance(row, str)]
    by_pip = [row for table in rows[len(by_conda) :] for row in table["pip"]]
    assert bool(by_pip) == any(row.startswith("pip ") for row in by_conda)
    return by_conda, by_pip


def environment(name):
    """PyPI name to version bounds of each package but Python and pip."""
    by_conda, by_pip = listed(name)
    pairs = (row.split(maxsplit=1) for row in [*by_conda, *by_pip])
    found = {CONDA_TO_PYPI.get(package, package): SpecifierSet(spec) for package, spec in pairs}
    return {
        package: bounds for package, bounds in found.items() if package not in ("python", "pip")
    }


def third_party(path, *, top_level=False):
    """PyPI names of what a file imports."""
    tree = ast.parse(path.read_text(), filename=str(path))
    names = set()
    for node in tree.body if top_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module)
    modules = {name.split(".")[0] for name in names} - {"elsewhere", *sys.stdlib_module_names}
    return {canonicalize_name(MODULE_TO_PYPI.get(module, module)) for module in modules}


def wanted_by_flower():
    """Packages that Flower wants in bounds of its own, most not in the version of the lock."""
    lock = locked("requirements-federation.lock")
    return {name for name in LOCK if lock[name] != LOCK[name]} | {"cryptography"}


@cache
def shelves():
    """Step to the shelves from which its jobs take kinds."""
    found = {step: set() for step in STEPS}
    for stage in graph.stages(params.load(ROOT / "tests/params")).values():
        found[stage.step] |= set(stage.members)
    return found


def imported_by(step):
    """PyPI names of what `python -m elsewhere STEP` can import, whatever kinds it uses."""
    room = "elsewhere.imaging" if step in ("prepare", "outline") else None
    members = {
        module
        for shelf in shelves()[step]
        for kind in kinds.names(shelf)
        for module in kinds.code(shelf, kind, room=room)
    }
    run = ("elsewhere.drivers.execute", "elsewhere.drivers.gpu_slot")
    modules = (f"elsewhere.steps.{step}", *run, *sorted(members))
    found = third_party(SOURCE / "elsewhere/cli.py", top_level=True)  # each command imports its own
    return found.union(*(third_party(Path(file)) for file in closure(*modules, source=SOURCE)))


@pytest.mark.parametrize("name", ENVS)
def test_environment_has_conda_forge_alone_and_bounds(name):
    content = yaml.safe_load((ROOT / f"envs/{name}.yaml").read_text())
    assert content["channels"] == ["conda-forge", "nodefaults"]
    rows, by_pip = listed(name)
    assert rows[0].startswith("python ")
    assert rows[1:] == sorted(rows[1:])
    for row in [*rows, *by_pip]:
        package, spec = row.split(maxsplit=1)
        operators = {item.operator for item in SpecifierSet(spec)}
        assert operators in ({">=", "<"}, {"=="}), f"{package}: lower and upper bound, or a pin"
    assert "elsewhere" not in environment(name)


@pytest.mark.parametrize("name", ENVS)
def test_environment_contains_what_is_locked(name):
    lock = locked("requirements-federation.lock") if name == "federation" else LOCK
    outside = {
        package: f"{lock.get(package)} not in {bounds}"
        for package, bounds in environment(name).items()
        if package not in lock or lock[package] not in bounds
    }
    assert outside == {}


def test_environments_allow_what_the_package_allows():
    known = {canonicalize_name(item.name): item for item in [*DEPENDENCIES, *FEDERATION]}
    wanted = wanted_by_flower()
    for name in ENVS:
        for package, bounds in environment(name).items():
            if name != "federation" or package not in wanted:
                lowest = str(known[package].specifier)
                assert lowest in str(bounds).split(","), f"envs/{name}.yaml: {package}"


@pytest.mark.parametrize("step", STEPS)
def test_environment_of_a_step_provides_its_imports(step):
    assert imported_by(step) - set(environment(STEPS[step].environment)) == set()


@pytest.mark.parametrize("name", sorted({step.environment for step in STEPS.values()}))
def test_environment_holds_nothing_else(name):
    needed = set().union(
        *(imported_by(step.name) for step in STEPS.values() if step.environment == name)
    )
    assert set(environment(name)) - needed - set(PLUGINS) == set()


@pytest.mark.parametrize("step", STEPS)
def test_rule_names_the_environment_of_its_step(step):
    rule = (ROOT / f"workflow/rules/{step}.smk").read_text()
    assert re.findall(r"envs/(.*)\.yaml", rule) == [STEPS[step].environment]


def test_environments_with_and_without_gpu_differ_in_torch_alone():
    rows = [{row for part in listed(name) for row in part} for name in ("torch", "torch-cpu")]
    assert rows[0] ^ rows[1] == {f"pytorch-gpu =={TORCH}", f"pytorch-cpu =={TORCH}"}


def test_torch_is_the_same_everywhere():
    assert LOCK["torch"] == Version(TORCH)
    assert [str(item.specifier) for item in DEPENDENCIES if item.name == "torch"] == [f"=={TORCH}"]
    assert environment("torch")["torch"] == environment("torch-cpu")["torch"] == f"=={TORCH}"


@pytest.mark.parametrize("needed", [*DEPENDENCIES, *OPTIONAL], ids=str)
def test_lock_satisfies_pyproject(needed):
    assert LOCK[canonicalize_name(needed.name)] in needed.specifier


def test_the_documentation_has_a_lock_of_its_own_that_agrees_with_the_other():
    lock = locked("requirements-docs.lock")
    assert [item for item in DOCS if lock[canonicalize_name(item.name)] not in item.specifier] == []
    assert {name: lock[name] for name in lock if LOCK.get(name, lock[name]) != lock[name]} == {}
    used = set().union(*(third_party(path) for path in (ROOT / "docs").rglob("*.py")))
    local = {canonicalize_name(path.stem) for path in (ROOT / "docs/extensions").glob("*.py")}
    assert used - local - set(lock) == set()


def test_the_plugin_for_kubernetes_stands_beside_the_lock():
    lock = locked("requirements-kubernetes.lock")
    wrong = [
        item for item in KUBERNETES if lock[canonicalize_name(item.name)] not in item.specifier
    ]
    assert wrong == []
    assert set(lock) & set(LOCK) == set()


def test_federations_have_the_same_lock_but_for_flower():
    lock = locked("requirements-federation.lock")
    assert [
        item for item in FEDERATION if lock[canonicalize_name(item.name)] not in item.specifier
    ] == []
    assert [
        item for item in DEPENDENCIES if lock[canonicalize_name(item.name)] not in item.specifier
    ] == []
    assert set(LOCK) - set(lock) == set()
    assert {name for name in LOCK if LOCK[name] != lock[name]} == {
        "certifi",
        "rich",
        "starlette",
        "typer",
        "uvicorn",
    }


def test_environment_of_federations_provides_what_their_processes_import():
    """Of a hospital that trains, too; Flower alone is imported in one folder alone."""
    folder = SOURCE / "elsewhere/carriers"
    modules = [
        ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        for path in folder.rglob("*.py")
        if path.stem not in ("__init__", "imported")
    ]
    learning = {
        module
        for shelf in ("networks", "methods", "inputs", "augmentations")
        for kind in kinds.names(shelf)
        for module in kinds.code(shelf, kind)
    }
    files = closure(*modules, *sorted(learning), source=SOURCE)
    used = set().union(*(third_party(Path(file)) for file in files))
    assert used - set(environment("federation")) == set()
    flower = set().union(*(third_party(path) for path in FLOWER.glob("*.py")))
    assert {item.name for item in FEDERATION} <= flower
    assert set(environment("federation")) - used - set(PLUGINS) == {"rich", "typer"}


@pytest.mark.parametrize(
    "name",
    [f"requirements{of}.lock" for of in ("", "-crate", "-docs", "-federation")],
)
def test_lock_is_sorted_and_exact(name):
    rows = (ROOT / name).read_text().splitlines()[1:]
    names = [row.split("==")[0].lower() for row in rows]
    assert names == sorted(set(names))
    assert "elsewhere" not in names, "no index has it; the lock was made with src on PYTHONPATH"
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", row) for row in rows)


def test_every_dependency_is_imported_and_every_import_is_a_dependency():
    files = [path for path in SOURCE.rglob("*.py") if path.parent != FLOWER]
    used = set().union(*(third_party(path) for path in files))
    declared = {canonicalize_name(item.name) for item in DEPENDENCIES}
    indirect = {"snakemake-interface-common", "dvc-data"} & used  # come with snakemake and dvc
    assert used - declared - indirect == set()
    assert declared - used - set(PLUGINS) == set()


@pytest.mark.parametrize("folder", ["tests", "benchmarks"])
def test_tests_and_benchmarks_import_only_what_is_declared(folder):
    used = set().union(*(third_party(path) for path in (ROOT / folder).rglob("*.py")))
    compared = (ROOT / "benchmarks/readers.txt").read_text().splitlines()  # beside the lock
    readers = [Requirement(row) for row in compared if not row.startswith("#")]
    declared = {canonicalize_name(item.name) for item in [*DEPENDENCIES, *OPTIONAL, *readers]}
    files = [*(ROOT / folder).rglob("*.py"), *(ROOT / "docs/extensions").glob("*.py")]
    local = {canonicalize_name(name) for path in files for name in (path.stem, path.parent.name)}
    known = {"gdcm": "python-gdcm", "rattler": "py-rattler"}
    assert {known.get(name, name) for name in used - local} - declared == set()
