"""The house rules: what no linter checks, checked for every file."""

import ast
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

from elsewhere.design import kinds
from elsewhere.design.steps import STEPS, WILDCARDS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src/elsewhere"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
TESTS = ROOT / "tests"
NO_TEST_OF_ITS_OWN = {
    "design/phantom_rows.py": "tests/phantom/test_rows.py",
    "design/radiograph_phantom_rows.py": "tests/phantom/test_rows_of_radiographs.py",
    "methods/method.py": "abstract; tests/contracts/test_methods.py is its test",
    "networks/network.py": "abstract; tests/contracts/test_networks.py is its test",
    "figures/figure.py": "abstract; tests/contracts/test_figures.py is its test",
    "scores/metric.py": "what metrics share; tests/contracts/test_metrics.py is its test",
    # in the environment of Flower, by real processes
    **{
        f"carriers/flower/{name}.py": "tests/carriers/flower/test_processes.py"
        for name in ("node", "parcels", "server")
    },
    # a formula each, against scikit-learn and by laws that hold of all
    **{f"scores/metrics/{kind}.py": "test_metrics.py" for kind in kinds.names("metrics")},
    # a pairing each: tests/scores/test_claim.py and tests/contracts/test_claims.py
    **{f"scores/claims/{kind}.py": "test_claims.py" for kind in kinds.names("claims")},
}
READ_USERS = ("test_config.py", "test_own_settings.py")  # which are about them
NO_MODULE = {
    "docs": "parts of the documentation that are made from the code, and its links",
    "phantom/test_rows.py": "rows of synthetic CT: design/phantom_rows.py",
    "phantom/test_rows_of_radiographs.py": "design/radiograph_phantom_rows.py",
    "imaging/test_claimed_sizes.py": "false sizes in headers through all that reads scans",
    "imaging/dicom/test_fuzz.py": "damaged files through all that reads DICOM",
    "imaging/dicom/test_pydicom_files.py": "pydicom's own files through all that reads DICOM",
    "design/test_law.py": "the law of growth over the real graph",
    "design/test_law_figures.py": "the law of growth for metrics and figures",
    "pages/test_hostile.py": "what strangers may try, against a real server",
    "pages/browser/test_caught.py": "that the browser tests can fail",
    "pages/browser/test_every_page.py": "all pages in a browser",
    "pages/browser/test_keyboard.py": "all pages with the keyboard alone",
    "pages/browser/test_pictures.py": "the pictures of the documents",
    "pages/browser/test_question.py": "a question in a browser",
    "pages/browser/test_viewer.py": "static/viewer.js in a browser",
    "contracts": "laws that every registered layout, network and method obeys",
    "workflow": "both drivers over the whole graph",
    "test_envs.py": "lock, pyproject.toml and envs/*.yaml",
    "test_containers.py": "Containerfile, elsewhere.def and the lock",
    "test_contributing.py": "the worked examples of CONTRIBUTING.md",
    "test_config.py": "what comes with the project in config/ and params.yaml",
    "test_examples.py": "examples/ that a user copies",
    "test_paper_step.py": "benchmarks/paper_step.py, with little more than torch",
    "test_own_settings.py": "the suite beside settings that a user changed",
    "test_house.py": "this file",
}
METHODS = [f"elsewhere.methods.{kind}" for kind in kinds.names("methods")]
NOT_IN = {  # environment of a step: what its module must not load
    "imaging": ("torch", "matplotlib", "seaborn", "sklearn"),
    "figures": ("torch", "SimpleITK"),
    "torch": ("matplotlib", "seaborn", "SimpleITK", "pydicom"),
}
NOT_FOR = {  # and what some do not need beside
    "audit": ("matplotlib", "seaborn"),
    "split": ("matplotlib", "seaborn", "pydicom"),
    "score": ("matplotlib", "seaborn", "pydicom"),
    "train": ("sklearn", "scipy"),
    "predict": ("sklearn", "scipy"),
    "figure": ("pydicom", "sklearn"),
}
HEAVY = ("torch", "pandas", "matplotlib", "SimpleITK", "scipy", "sklearn", "snakemake", "dvc")
# Built from pieces, so that this file does not name what it refuses.
OUTSIDE = ["/".join(("", "work", "")), "/".join(("", "tmp", "boot")), "/".join(("", "root", ""))]


def name_of(path):
    return path.relative_to(PACKAGE).as_posix()


@cache
def tree_of(path):
    return ast.parse(path.read_text(), filename=str(path))


def functions(path):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree_of(path)) if isinstance(node, kinds)]


def tracked():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def offenders(rule):
    """Return each module that breaks a rule, and how; a rule returns what breaks it, or nothing."""
    broken = [(name_of(path), rule(path)) for path in MODULES]
    return [f"{name}: {what}" for name, what in broken if what]


def declares_only(path):
    """Say whether a module holds classes of fields and constants: what uses them tests them."""
    return not functions(path)


def is_a_row_of_a_kind(path):
    """Say whether a module lies on a shelf: its room and test_kinds.py test it."""
    return path.parent.name in kinds.ROOMS and path.parent.parent.name == "design"


def test_every_module_has_a_test():
    names = [
        path.relative_to(PACKAGE)
        for path in MODULES
        if not declares_only(path) and not is_a_row_of_a_kind(path)
    ]
    assert [
        name.as_posix()
        for name in names
        if name.as_posix() not in NO_TEST_OF_ITS_OWN
        and not (TESTS / name.parent / f"test_{name.name}").is_file()
    ] == []


def test_every_test_has_a_module():
    names = [path.relative_to(TESTS) for path in TESTS.rglob("test_*.py")]
    assert [
        name.as_posix()
        for name in names
        if not {name.parts[0], name.as_posix()} & set(NO_MODULE)
        and not (PACKAGE / name.parent / name.name.removeprefix("test_")).is_file()
    ] == []


def test_exceptions_to_the_mirror_exist():
    assert all((PACKAGE / name).is_file() for name in NO_TEST_OF_ITS_OWN)
    assert all((TESTS / name).exists() for name in NO_MODULE)


def test_modules_are_short():
    lines = {name_of(path): len(path.read_text().splitlines()) for path in MODULES}
    assert {name: count for name, count in lines.items() if count >= 300} == {}


def first_line(path):
    docstring = ast.get_docstring(tree_of(path)) or ""
    if not re.match(rf"{path.stem}: \S", docstring):
        return 'the docstring does not start with "name: what it is for"'
    return None


def test_modules_say_what_they_are_for():
    assert offenders(first_line) == []


def length(node):
    """Lines of a function without its docstring."""
    end = node.end_lineno - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node) is None:
        return end
    return end - (first.end_lineno - first.lineno + 1)


def long_functions(path):
    return [f"{node.name}: {length(node)}" for node in functions(path) if length(node) >= 60]


def test_functions_are_short():
    assert offenders(long_functions) == []


def is_method(node, owner):
    static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list)
    return owner is not None and not static


def owned_functions(path):
    """Each function with the class that holds it, if any."""
    todo = [(child, None) for child in tree_of(path).body]
    while todo:
        node, owner = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, owner
            owner = None
        elif isinstance(node, ast.ClassDef):
            owner = node
        todo += [(child, owner) for child in ast.iter_child_nodes(node)]


def wide_functions(path):
    if path.name == "cli.py":
        return []  # they are options for typer, not for callers
    wide = []
    for node, owner in owned_functions(path):
        found = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        if len(found) - is_method(node, owner) > 5:
            wide.append(node.name)
    return wide


def test_functions_have_five_parameters_at_most():
    assert offenders(wide_functions) == []


def positional_options(path):
    if path.name == "cli.py":
        return []
    loose = []
    for node, owner in owned_functions(path):
        given = [*node.args.posonlyargs, *node.args.args]
        optional = given[len(given) - len(node.args.defaults) :]
        flags = [one for one in given if one.annotation and ast.unparse(one.annotation) == "bool"]
        later = given[1 + is_method(node, owner) :]
        if not node.name.startswith("_") and [one for one in later if one in [*optional, *flags]]:
            loose.append(node.name)
    return loose


def test_options_and_flags_are_keyword_only():
    """After the first parameter."""
    assert offenders(positional_options) == []


def undocumented(path):
    bare = []
    for owner in ast.walk(tree_of(path)):
        if isinstance(owner, ast.Module | ast.ClassDef):
            bare += [
                node.name
                for node in owner.body
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
                and not node.name.startswith("_")
                and not ast.get_docstring(node)
                and not getattr(owner, "name", "").startswith("_")
            ]
    return bare


def test_public_things_have_docstrings():
    assert offenders(undocumented) == []


def left_over(path):
    text = path.read_text()
    called = {
        node.func.id
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    vague = {"utils", "helpers", "misc"} & set(path.with_suffix("").parts)
    marks = re.findall(r"\b(?:TODO|FIXME|XXX|HACK)\b", text)
    return sorted({*marks, *(called & {"print", "breakpoint"}), *vague})


def test_nothing_is_left_over():
    assert offenders(left_over) == []


def test_init_files_are_empty():
    rooms = [path for path in PACKAGE.rglob("*") if path.is_dir() and any(path.glob("*.py"))]
    for room in rooms:
        init = room / "__init__.py"
        assert init.is_file(), f"{room} has no __init__.py"
        assert init.read_bytes() == b""


@pytest.mark.users_settings
def test_no_file_names_a_place_outside_the_project():
    found = []
    for path in tracked():
        if path.is_file() and path != Path(__file__):
            text = path.read_bytes().decode("utf-8", errors="ignore")
            found += [f"{path.relative_to(ROOT)}: {place}" for place in OUTSIDE if place in text]
    assert found == []


@pytest.mark.users_settings
def test_cited_requirements_are_listed():
    number = re.compile(r"\b[A-D]-\d\d\b")
    listed = re.findall(
        r"^- \*\*([A-D]-\d\d)\*\* ", (ROOT / "docs/requirements.md").read_text(), re.M
    )
    assert len(listed) == len(set(listed))
    for path in tracked():
        if path.suffix in (".py", ".yaml", ".csv", ".j2", ".md", ".smk", ".json"):
            unknown = set(number.findall(path.read_text())) - set(listed)
            assert not unknown, f"{path.relative_to(ROOT)} cites {sorted(unknown)}"


def test_tests_read_their_own_settings():
    """The user's change at any time; those of tests/params when a test needs it."""
    users = re.compile(
        r'(ROOT|PROJECT|CHECKOUT|rootpath|parents\[\d\]\)?) / "(params\.yaml|config)"'
    )
    reading = [
        path.relative_to(TESTS).as_posix()
        for path in TESTS.rglob("*.py")
        if users.search(path.read_text()) and path.name not in READ_USERS
    ]
    assert reading == []


def test_no_test_is_skipped():
    """But those of what stands outside: images, disks, users, servers, a browser."""
    skips = re.compile(r"mark\.(skip|xfail)|pytest\.(skip|xfail|importorskip)\(")
    found = {
        path.relative_to(TESTS).as_posix(): len(skips.findall(path.read_text()))
        for path in TESTS.rglob("*.py")
        if path != Path(__file__)
    }
    assert {name: count for name, count in found.items() if count} == {
        "archives/conftest.py": 1,
        "carriers/flower/conftest.py": 1,
        "conftest.py": 2,
        "drivers/conftest.py": 1,
        "drivers/test_late.py": 1,
        "drivers/test_links.py": 3,
        "evidence/conftest.py": 1,
        "pages/browser/conftest.py": 1,
        "workflow/kubernetes_api.py": 1,
        "workflow/slurm.py": 1,
        "workflow/stores.py": 1,
    }


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_step_loads_only_what_it_needs(step, loaded_by):
    modules = [f"elsewhere.steps.{step.name}"]
    if step.environment == "torch":  # which load what the arm names
        modules += ["elsewhere.networks.nguyen_cnn", *METHODS]
    none_of = {"snakemake", "dvc", *NOT_IN[step.environment], *NOT_FOR.get(step.name, ())}
    assert not loaded_by(f"import {', '.join(modules)}") & none_of


def test_each_step_is_a_module_and_is_listed_once():
    assert {path.stem for path in (PACKAGE / "steps").glob("*.py")} - {"__init__"} == {*STEPS}
    assert all(set(step.wildcards) <= set(WILDCARDS) for step in STEPS.values())


def test_the_contract_on_torch_names_the_steps_without_it():
    """import-linter reads static TOML, so the list stands there too."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    [contract] = [
        contract
        for contract in contracts["contracts"]
        if contract["name"].startswith("Torch lives in networks and methods")
    ]
    named = {name for name in contract["source_modules"] if name.startswith("elsewhere.steps.")}
    without = {step.name for step in STEPS.values() if step.environment != "torch"}
    assert named == {f"elsewhere.steps.{name}" for name in without}


def test_graph_and_command_line_are_light(loaded_by):
    assert not loaded_by("import elsewhere.design.graph") & {"numpy", *HEAVY}
    assert not loaded_by("import elsewhere.cli") & {"numpy", "pydantic", "yaml", *HEAVY}
