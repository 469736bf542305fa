"""config: what comes with the project in config/ can be used as it is, whatever a user sets."""

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from elsewhere.design import params as tables
from elsewhere.design import reading
from elsewhere.design.graph import stages
from elsewhere.design.merge import CONFIG, USER, merge
from elsewhere.design.params import Params, Settings

pytestmark = pytest.mark.users_settings

ROOT = Path(__file__).parents[1]
SHIPPED = ("intakes", "methods", "sites", "synthetic", "synthetic-ucadi")
STUDIES = (
    "chestxray",
    "contrastive",
    "nguyen2021",
    "nguyen2021-methods",
    "ucadi",
    "ucadi-severity",
)
FILES = [f"{CONFIG}/{name}.yaml" for name in SHIPPED]
FILES += [f"{CONFIG}/studies/{name}.yaml" for name in STUDIES]
RUNS = [
    (study, scale)
    for study in STUDIES
    for scale in reading.read(ROOT / f"{CONFIG}/studies/{study}.yaml")["studies"][study]["scales"]
]


@pytest.fixture(scope="module")
def settings() -> Settings:
    contents = {name: reading.read(ROOT / name) for name in FILES}
    return merge({USER: {"scale": "demo", "run": ["nguyen2021"]}, **contents})


@pytest.fixture(scope="module")
def params(settings: Settings) -> Params:
    return tables.parse(settings)


def test_no_row_is_unused(params: Params) -> None:
    """A row that no study names would be a row that nobody tries."""
    scales = [scale for study in params.studies.values() for scale in study.scales.values()]
    arms = [arm for study in params.studies.values() for arm in study.arms.values()]
    used = {
        "sites": {row for scale in scales for row in scale.sites.values()},
        "inputs": {row for s in scales for row in (s.input, *s.inputs.values())},
        "networks": {a.network for a in arms} | {n for s in scales for n in s.networks.values()},
        "methods": {a.method for a in arms} | {m for s in scales for m in s.methods.values()},
        "budgets": {budget for scale in scales for budget in scale.every_budget},
        "phantoms": {name for name, site in params.sites.items() if site.synthetic},
    }
    for table, names in used.items():
        assert set(getattr(params, table)) == names, table


@pytest.mark.parametrize(("study", "scale"), RUNS)
def test_each_study_can_be_run_at_each_of_its_scales(
    study: str, scale: str, settings: Settings
) -> None:
    graph = stages(tables.parse({**settings, "scale": scale, "run": [study]}))
    assert f"figure--{study}" in graph


def test_a_study_has_a_file_of_its_own() -> None:
    for study in STUDIES:
        content = reading.read(ROOT / f"{CONFIG}/studies/{study}.yaml")
        assert list(content["studies"]) == [study]
        assert set(content) <= {"inputs", "networks", "budgets", "studies"}


def test_each_file_names_the_schema() -> None:
    for name in FILES:
        first = (ROOT / name).read_text(encoding="utf-8").splitlines()[0]
        up = "../" * name.count("/")
        assert first == f"# yaml-language-server: $schema={up}params.schema.json", name


def test_the_examples_for_users_run_as_they_are(settings: Settings) -> None:
    """Those that are commented out in params.yaml; nothing that a user sets is read."""
    lines = (ROOT / USER).read_text(encoding="utf-8").splitlines()
    kept = [line.removeprefix("#") for line in lines if re.match(r"#  |\w+:$", line)]
    assert kept
    users = YAML(typ="safe").load("\n".join(kept)) | {"scale": "paper", "run": ["nguyen2021"]}
    contents = {name: reading.read(ROOT / name) for name in FILES}
    stages(tables.parse(merge({USER: users, **contents})))


def test_the_generated_files_are_marked() -> None:
    marked = (ROOT / ".gitattributes").read_text(encoding="utf-8")
    for name in ("dvc.yaml", "params.schema.json"):
        assert f"\n{name} linguist-generated=true -diff\n" in marked
