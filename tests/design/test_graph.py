"""graph: each cell of both papers is there, made by one stage, from what earlier stages made."""

import copy
import importlib
from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from elsewhere.design import params as tables
from elsewhere.design.graph import runs, stages, training_sites
from elsewhere.design.stage import Stage

STEPS = ("ingest", "prepare", "audit", "split", "train", "predict", "score", "figure")


@pytest.fixture
def graph(params: tables.Params) -> dict[str, Stage]:
    return stages(params)


def test_the_papers_cells_are_there(graph: dict[str, Stage]) -> None:
    """A-37, A-38: 9 arms on 4 sites; D-18: 3 joint-learning arms on 2 sites, 4 folds (D-06)."""
    count = Counter((stage.step, stage.wildcards.get("study")) for stage in graph.values())
    assert count["score", "nguyen2021"] == 36
    assert count["score", "contrastive"] == 6
    assert count["train", "nguyen2021"] == 9
    assert count["train", "contrastive"] == 3 * 4
    assert count["ingest", None] == count["prepare", None] == 6
    assert count["audit", "nguyen2021"] == count["audit", "contrastive"] == 1
    assert len(graph) == 127


def test_every_file_is_made_once_before_it_is_read(graph: dict[str, Stage]) -> None:
    made: set[str] = set()
    for stage in graph.values():
        for path in stage.files:
            assert path in made or path.startswith("data/raw/"), f"{stage.name} reads {path}"
        for path in stage.outputs.values():
            assert path not in made
            assert not any(path.startswith(f"{other}/") for other in made), path
            made.add(path)


def test_no_stage_reads_a_test_part_that_it_must_not_see(graph: dict[str, Stage]) -> None:
    """A model is made from its arm's training sites alone."""
    for stage in graph.values():
        if stage.step == "train":
            sites = set(stage.wildcards["arm"].split("_"))
            if stage.wildcards["study"] == "nguyen2021":
                read = {row.removesuffix("-synthetic") for row in dict(stage.inputs["arrays"])}
                assert read == sites


def test_every_stage_reaches_the_report(graph: dict[str, Stage]) -> None:
    used = {path for stage in graph.values() for path in stage.files}
    for stage in graph.values():
        if stage.step != "figure":
            assert used.intersection(stage.outputs.values()), f"nothing reads {stage.name}"


@pytest.mark.parametrize("step", STEPS)
def test_a_step_is_handed_what_its_settings_declare(step: str, graph: dict[str, Stage]) -> None:
    declared = {
        field.name for field in fields(importlib.import_module(f"elsewhere.steps.{step}").Settings)
    }
    for stage in graph.values():
        if stage.step == step:
            assert set(stage.settings) == declared, stage.name


def test_every_setting_stands_in_params(graph: dict[str, Stage], values: dict[str, Any]) -> None:
    for stage in graph.values():
        for key in stage.keys:
            tables.at_key(values, key)


def test_names_and_commands_say_the_wildcards(graph: dict[str, Stage]) -> None:
    stage = graph["train--nguyen2021--utsw_cc-ccii--0-0"]
    assert stage.command == "python -m elsewhere train nguyen2021 utsw_cc-ccii 0-0"
    assert stage.outputs["model"].startswith("results/nguyen2021/models/utsw_cc-ccii/0-0/")
    for name, stage in graph.items():
        assert name == stage.name
        assert name.split("--") == [stage.step, *stage.wildcards.values()]
        assert not set("@:{}#;$ ") & set(name), "dvc.yaml refuses these in a stage's name"


def test_every_code_list_stands_for_one_set_of_files(graph: dict[str, Stage]) -> None:
    listed: dict[str, tuple[str, ...]] = {}
    for stage in graph.values():
        assert listed.setdefault(stage.code_list, stage.code) == stage.code
        assert f"src/elsewhere/steps/{stage.step}.py" in stage.code
        assert all(Path(path).is_file() for path in stage.code)


def test_the_members_code_is_the_jobs_code(graph: dict[str, Stage]) -> None:
    train = graph["train--nguyen2021--utsw--0-0"].code
    assert "src/elsewhere/networks/nguyen_cnn.py" in train
    assert "src/elsewhere/methods/erm.py" in train
    assert "src/elsewhere/networks/covidnet_redesign.py" not in train
    assert (
        "src/elsewhere/methods/erm.py"
        not in graph["predict--nguyen2021--utsw--utsw-synthetic"].code
    )
    assert "src/elsewhere/sites/mosmed.py" in graph["ingest--mosmed-synthetic"].code
    assert "src/elsewhere/sites/mosmed.py" not in graph["ingest--utsw-synthetic"].code


def test_a_score_reads_the_cells_that_choose_its_threshold(graph: dict[str, Stage]) -> None:
    """A-52: of the arm's own training sites, in their order."""
    stage = graph["score--nguyen2021--utsw_cc-ccii--mosmed-synthetic"]
    at = "results/nguyen2021/cells/utsw_cc-ccii/{}-synthetic/predictions.parquet"
    assert stage.inputs["test"] == at.format("mosmed")
    assert stage.inputs["training"] == {
        "utsw-synthetic": at.format("utsw"),
        "cc-ccii-synthetic": at.format("cc-ccii"),
    }


def test_an_audit_compares_all_sites_and_each_split_reads_its_own_groups(
    graph: dict[str, Stage],
) -> None:
    audit = graph["audit--contrastive"]
    assert {*dict(audit.inputs["manifest"])} == {*dict(audit.inputs["profile"])}
    for row in dict(audit.inputs["manifest"]):
        split = graph[f"split--contrastive--{row}"]
        assert split.inputs["groups"] == audit.outputs[f"groups/{row}"]
        assert set(split.files).intersection(audit.outputs.values()) == {split.inputs["groups"]}


def test_ingest_is_handed_the_intake_that_its_site_names(values: dict[str, Any]) -> None:
    sites = copy.deepcopy(values["sites"])
    sites["mosmed-synthetic"]["intake"] = "repair"
    graph = stages(_changed(values, sites=sites))
    assert graph["ingest--mosmed-synthetic"].settings["intake"] == "intakes.repair"
    assert graph["ingest--utsw-synthetic"].settings["intake"] == "intakes.strict"


def test_runs_and_training_sites(params: tables.Params) -> None:
    assert runs(params.studies["contrastive"]) == ["0-0", "1-0", "2-0", "3-0"]
    assert training_sites(params, "nguyen2021", "cc-ccii_covid-ctset_mosmed") == [
        "cc-ccii-synthetic",
        "covid-ctset-synthetic",
        "mosmed-synthetic",
    ]


def _changed(values: dict[str, Any], **at: Any) -> tables.Params:
    return tables.parse({**copy.deepcopy(values), **at})


def test_run_and_scale_choose_the_graph(values: dict[str, Any]) -> None:
    small = stages(_changed(values, run=["contrastive"]))
    assert len(small) == 32
    paper = stages(_changed(values, scale="paper"))
    assert len(paper) == 127
    assert paper["ingest--utsw"].inputs == {"raw": "data/raw/utsw"}
    assert (
        paper["train--nguyen2021--utsw--0-0"].settings["training"]
        == "budgets.nguyen-paper.training"
    )


def test_a_network_may_stand_in_at_a_scale(values: dict[str, Any]) -> None:
    name = "train--contrastive--joint--0-0"
    demo, paper = stages(_changed(values)), stages(_changed(values, scale="paper"))
    assert demo[name].settings["network"] == "networks.covidnet-redesign-demo"
    assert paper[name].settings["network"] == "networks.covidnet-redesign"


def test_a_site_that_cannot_be_had_keeps_its_cells(values: dict[str, Any]) -> None:
    """A-78: never dropped; there are no raw data to wait for."""
    sites = copy.deepcopy(values["sites"])
    sites["mosmed-synthetic"]["available"] = False
    graph = stages(_changed(values, sites=sites))
    assert len(graph) == 127
    assert graph["ingest--mosmed-synthetic"].inputs == {}
    assert graph["ingest--utsw-synthetic"].inputs == {"raw": "data/raw/utsw-synthetic"}


def test_a_hospital_is_a_row_and_a_name_in_the_arms(values: dict[str, Any]) -> None:
    """Where a new thing goes: rows in params.yaml. One more site is one more column."""
    sites = {**values["sites"], "fifth": {**values["sites"]["utsw"], "title": "Fifth"}}
    studies = copy.deepcopy(values["studies"])
    studies["nguyen2021"]["scales"]["demo"]["sites"]["fifth"] = "fifth"
    more = set(stages(_changed(values, sites=sites, studies=studies))) - set(
        stages(_changed(values))
    )
    steps = Counter(name.split("--")[0] for name in more)
    assert steps == {"ingest": 1, "prepare": 1, "split": 1, "predict": 9, "score": 9}
