"""plan: a step gets typed rows, and its digest changes with exactly these rows."""

import copy
import importlib
import typing
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from elsewhere.design import params as tables
from elsewhere.design.fingerprint import Hashes, digest, md5
from elsewhere.design.graph import stages
from elsewhere.design.plan import code_text, hand, stage_digest
from elsewhere.design.steps import STEPS

TRAINING = "train--contrastive--joint--3-0"


@pytest.mark.parametrize("step", STEPS)
def test_the_rows_are_of_the_declared_types(
    step: str, every_study: tables.Params, values: dict[str, Any]
) -> None:
    module = importlib.import_module(f"elsewhere.steps.{step}")
    stage = next(stage for stage in stages(every_study).values() if stage.step == step)
    handed = hand(stage, every_study, values)
    for name, hint in typing.get_type_hints(module.Settings).items():
        if name in handed.settings:  # what has a default may be left out
            TypeAdapter(hint).validate_python(handed.settings[name], strict=True)
    module.Settings(**handed.settings)


def test_a_job_has_its_paths(params: tables.Params, values: dict[str, Any]) -> None:
    job = hand(stages(params)[TRAINING], params, values).job
    assert job.name == TRAINING
    assert list(job.paths("index")) == ["sars-cov-2-ct-synthetic", "covid-ct-synthetic"]
    assert job.outputs["model"] == Path("results/contrastive/models/joint/3-0/model.safetensors")
    assert job.wildcards == {"study": "contrastive", "arm": "joint", "run": "3-0"}


@pytest.fixture(scope="module")
def unchanged() -> dict[str, str]:
    """Digests of the stages of tests/params as it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(Path(__file__).parents[2])
        return _digests(tables.read(Path("tests/params")))


def _digests(values: dict[str, Any]) -> dict[str, str]:
    """Return the digest of each stage, as `stage_digest`, but each list of code is read once."""
    hashes = Hashes()
    graph = stages(tables.parse(values))
    lists = {stage.code_list: stage for stage in graph.values()}
    code = {name: md5(code_text(stage, hashes)) for name, stage in lists.items()}
    return {
        name: digest(
            stage.command,
            {key: tables.at_key(values, key) for key in stage.keys},
            code[stage.code_list],
        )
        for name, stage in graph.items()
    }


def test_a_digest_is_that_of_command_settings_and_code(
    values: dict[str, Any], unchanged: dict[str, str], params: tables.Params
) -> None:
    examples = {stage.step: name for name, stage in stages(params).items()}
    for name in examples.values():
        assert stage_digest(stages(params)[name], values, Hashes()) == unchanged[name]


CHANGES = [
    (
        "studies.contrastive.scoring.bootstrap",
        7,
        {"score--contrastive": 51, "figure--contrastive": 1},
    ),
    ("studies.nguyen2021.title", "x", {"figure--nguyen2021": 1}),
    ("studies.contrastive.split.seed", 7, {"split--contrastive": 2}),
    ("budgets.nguyen-demo.training.weight_decay", 0.5, {"train--nguyen2021": 9}),
    (
        "budgets.contrastive-demo.prediction.batch_size",
        3,
        {"predict--contrastive": 34, "explain--contrastive": 2},
    ),
    ("budgets.nguyen-paper.training.weight_decay", 0.5, {}),
    ("sites.mosmed-synthetic.title", "x", {"ingest--mosmed-synthetic": 1, "figure--nguyen2021": 1}),
    ("phantoms.mosmed-synthetic.seed", 99, {}),
    ("intakes.strict.gap_ratio", 1.4, {"ingest": 9}),
    ("intakes.repair.gap_ratio", 1.4, {}),
    (
        "studies.chestxray.findings.blank",
        "ignore",
        {"audit--chestxray": 1, "split--chestxray": 3, "figure--chestxray": 1},
    ),
    ("studies.chestxray.external", [], {"split--chestxray": 3}),
    ("studies.chestxray.review.images", 5, {}),
    ("studies.contrastive.explain.scans", 3, {"explain--contrastive": 2}),
    ("studies.contrastive.explain.seed", 3, {"explain--contrastive": 2}),
    ("studies.contrastive.audit.similarity", 0.9, {"audit--contrastive": 1}),
    (
        "networks.covidnet-redesign-quarter.width",
        0.125,
        {"train--contrastive": 40, "predict--contrastive": 28, "explain--contrastive": 2},
    ),
    (
        "inputs.contrastive-demo.matrix",
        31,
        {
            "prepare--contrastive-demo": 2,
            "train--contrastive": 52,
            "predict--contrastive": 34,
            "explain--contrastive": 2,
        },
    ),
]


@pytest.mark.parametrize(("key", "value", "moved"), CHANGES, ids=[change[0] for change in CHANGES])
def test_a_setting_moves_the_digests_of_what_uses_it(
    key: str,
    value: Any,
    moved: dict[str, int],
    values: dict[str, Any],
    unchanged: dict[str, str],
) -> None:
    changed = copy.deepcopy(values)
    *path, last = key.split(".")
    at = changed
    for part in path:
        at = at[part]
    assert at[last] != value
    at[last] = value
    after = _digests(changed)
    names = [name for name in unchanged if unchanged[name] != after[name]]
    for prefix, count in moved.items():
        assert sum(f"{name}--".startswith(f"{prefix}--") for name in names) == count, names
    assert len(names) == sum(moved.values()), names


def test_a_line_of_code_moves_the_digests_of_what_can_import_it(
    tmp_path: Path, values: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    shutil.copytree("src/elsewhere", tmp_path / "src/elsewhere")
    monkeypatch.chdir(tmp_path)
    before = _digests(values)
    path = Path("src/elsewhere/scores/cell.py")
    path.write_text(path.read_text() + "\n")
    after = _digests(values)
    moved = {name.split("--")[0] for name in before if before[name] != after[name]}
    assert "score" in moved
    assert not moved & {"ingest", "prepare", "split", "train", "predict"}


def test_the_list_of_code_names_and_hashes_each_file(params: tables.Params) -> None:
    stage = stages(params)["split--contrastive--covid-ct-synthetic"]
    lines = [line.split("  ") for line in code_text(stage, Hashes()).splitlines()]
    assert [path for _, path in lines] == list(stage.code)
    for found, path in lines:
        assert found == md5(Path(path).read_text(encoding="utf-8"))
