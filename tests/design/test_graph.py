"""graph: every cell of both papers has one stage, whose inputs are outputs of earlier stages."""

import copy
import importlib
from collections import Counter
from dataclasses import MISSING, fields
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from elsewhere.design import params as tables
from elsewhere.design.graph import stages
from elsewhere.design.stage import Stage
from elsewhere.design.steps import STEPS
from elsewhere.design.train_stages import runs, training_sites


@pytest.fixture
def graph(params: tables.Params) -> dict[str, Stage]:
    return stages(params)


def test_the_papers_cells_are_there(graph: dict[str, Stage]) -> None:
    """A-37, A-38: 9 arms on 4 sites; D-18: 9 rows, those of a single site at each of 2 (D-06).

    Beyond the paper contrastive has four policies for an unknown site (D-44) and two arms whose
    weights are chosen on test.
    """
    count = Counter((stage.step, stage.wildcards.get("study")) for stage in graph.values())
    assert count["predict", "nguyen2021"] == 36
    assert count["score", "nguyen2021"] == 36 + 9, "A-54: and of each arm all sites combined"
    assert count["predict", "contrastive"] == 17 * 2
    assert count["score", "contrastive"] == 17 * (2 + 1)
    assert count["train", "nguyen2021"] == 9
    assert count["train", "contrastive"] == 13 * 4, "four arms apply the models of another"
    assert count["train", "chestxray"] == 6, "B-28: 2 networks x 3 configurations"
    assert count["score", "chestxray"] == 6 * (3 + 1)
    assert count["ingest", None] == count["prepare", None] == 9
    assert count["audit", "nguyen2021"] == count["audit", "contrastive"] == 1


def test_who_reads_a_folder_reads_the_table_with_its_hashes(graph: dict[str, Stage]) -> None:
    """DVC and Snakemake look at the table alone."""
    tables_of = {"volumes": "manifest.parquet", "arrays": "index.parquet"}
    folders = 0
    for stage in graph.values():
        for path in stage.files:
            top, _, folder = path.rpartition("/")
            if folder in tables_of:
                folders += 1
                assert f"{top}/{tables_of[folder]}" in stage.compared, stage.name
                assert path not in stage.compared
        left_out = {*stage.files} - {*stage.compared}
        assert all(path.endswith(("/volumes", "/arrays")) for path in left_out), stage.name
    assert folders > len(graph) / 4


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
    declared = fields(importlib.import_module(f"elsewhere.steps.{step}").Settings)
    known = {field.name for field in declared}
    needed = {field.name for field in declared if field.default is MISSING}
    for stage in graph.values():
        if stage.step == step:
            assert needed <= set(stage.settings) <= known, stage.name


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
        code = stage.code
        assert listed.setdefault(stage.code_list, code) == code
        assert f"src/elsewhere/steps/{stage.step}.py" in code
    assert all(Path(path).is_file() for path in {*chain(*listed.values())})


def test_the_members_code_is_the_jobs_code(graph: dict[str, Stage]) -> None:
    train = graph["train--nguyen2021--utsw--0-0"].code
    assert "src/elsewhere/networks/nguyen_cnn.py" in train
    assert "src/elsewhere/methods/erm.py" in train
    assert "src/elsewhere/networks/covidnet_redesign.py" not in train
    predict = graph["predict--nguyen2021--utsw--utsw-synthetic"].code
    assert "src/elsewhere/methods/erm.py" in predict, "it makes the network again"
    assert "src/elsewhere/methods/sepnorm.py" not in predict
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
    assert runs(params, "contrastive") == ["0-0", "1-0", "2-0", "3-0"]
    assert training_sites(params, "nguyen2021", "cc-ccii_covid-ctset_mosmed") == [
        "cc-ccii-synthetic",
        "covid-ctset-synthetic",
        "mosmed-synthetic",
    ]


def _changed(values: dict[str, Any], **at: Any) -> tables.Params:
    return tables.parse({**copy.deepcopy(values), **at})


def test_run_and_scale_choose_the_graph(values: dict[str, Any]) -> None:
    small = stages(_changed(values, run=["contrastive"]))
    assert {stage.wildcards.get("study") for stage in small.values()} == {None, "contrastive"}
    demo, paper = stages(_changed(values)), stages(_changed(values, scale="paper"))
    more = Counter(stage.step for stage in paper.values())
    more.subtract(stage.step for stage in demo.values())
    seeds, inputs = 2 * 13 * 4, 3
    assert +more == {"train": seeds, "prepare": inputs}, "D-06, B-21"
    assert paper["ingest--utsw"].inputs == {"raw": "data/raw/utsw"}
    assert (
        paper["train--nguyen2021--utsw--0-0"].settings["training"]
        == "budgets.nguyen-paper.training"
    )


def test_a_network_may_stand_in_at_a_scale(values: dict[str, Any]) -> None:
    name = "train--contrastive--joint--0-0"
    demo, paper = stages(_changed(values)), stages(_changed(values, scale="paper"))
    assert demo[name].settings["network"] == "networks.covidnet-redesign-quarter"
    assert paper[name].settings["network"] == "networks.covidnet-redesign"


def test_a_site_that_cannot_be_had_keeps_its_cells(values: dict[str, Any]) -> None:
    """A-78: never dropped; there are no raw data to wait for."""
    sites = copy.deepcopy(values["sites"])
    sites["mosmed-synthetic"]["available"] = False
    graph = stages(_changed(values, sites=sites))
    assert [*graph] == [*stages(_changed(values))]
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
    expected = {"ingest": 1, "prepare": 1, "split": 1, "predict": 9, "score": 9}
    assert expected.items() <= steps.items()


def _with_arms(params: tables.Params, **arms: dict[str, Any]) -> dict[str, Stage]:
    values = params.model_dump(exclude_unset=True)
    values["studies"]["contrastive"]["arms"] |= arms
    return stages(tables.parse(values))


def test_an_arm_with_the_models_of_another_trains_none(params: tables.Params) -> None:
    arm = {"sites": ["site-a", "site-b"], "method": "sepnorm", "network": "covidnet-redesign"}
    found = _with_arms(
        params,
        own=arm | {"unseen": "mean"},
        other=arm | {"unseen": "nearest", "anonymous": True, "models_of": "own"},
    )
    trained = {stage.wildcards["arm"] for stage in found.values() if stage.step == "train"}
    assert "own" in trained
    assert "other" not in trained
    own = found["predict--contrastive--own--covid-ct-synthetic"]
    other = found["predict--contrastive--other--covid-ct-synthetic"]
    assert own.inputs["model"] == other.inputs["model"]
    assert other.settings["unseen"] == "studies.contrastive.arms.other.unseen"
    assert "anonymous" in other.settings
    assert "anonymous" not in own.settings, "what params.yaml does not say is no parameter of DVC"
    assert "other/0-0" not in found["figure--contrastive"].inputs["record"]


def test_selection_on_the_test_part_is_a_setting_of_the_training(params: tables.Params) -> None:
    arm = {"sites": ["site-a"], "method": "erm", "network": "covidnet-redesign"}
    found = _with_arms(params, optimistic=arm | {"selection": "test"})
    train = found["train--contrastive--optimistic--0-0"]
    assert train.settings["selection"] == "studies.contrastive.arms.optimistic.selection"
    assert "selection" not in found["train--contrastive--single-a--0-0"].settings


def test_comparisons_and_panels_are_settings_of_the_figures_that_have_some(
    params: tables.Params,
) -> None:
    """What a study does not say is no parameter of DVC: it was drawn before there were such."""
    values = params.model_dump(exclude_unset=True)
    study = values["studies"]["contrastive"]
    study["comparisons"] = [{"arm": "joint", "against": ["single-a"]}]
    study["roc_panels"] = {"a": ["joint", "single-a"]}
    found = stages(tables.parse(values))
    said = found["figure--contrastive"].settings
    assert said["comparisons"] == "studies.contrastive.comparisons"
    assert said["roc_panels"] == "studies.contrastive.roc_panels"
    assert not {"comparisons", "roc_panels"} & set(found["figure--nguyen2021"].settings)


def test_nothing_in_the_graph_grows_with_the_scans_of_a_site(
    values: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stages are named by sites, inputs, arms and runs alone; scans are rows of their tables."""
    params = _changed(values, run=["chestxray"], scale="paper")
    study, rows = params.studies["chestxray"], [*params.scale_of("chestxray").sites.values()]
    inputs = {params.input_of("chestxray", arm) for arm in study.arms}
    named = {
        "study": {"chestxray"},
        "site": {*rows, "internal"},
        "input": inputs,
        "arm": {*study.arms},
        "run": {*runs(params, "chestxray")},
    }
    monkeypatch.chdir(tmp_path)
    graph = stages(params)
    for stage in graph.values():
        assert all(name in named[kind] for kind, name in stage.wildcards.items()), stage.name
    arms, sites = len(study.arms), len(rows)
    expected = {
        **dict.fromkeys(("audit", "figure"), 1),
        **dict.fromkeys(("ingest", "split"), sites),
        "prepare": sites * len(inputs),
        "train": arms * len(named["run"]),
        "predict": arms * sites,
        "score": arms * (sites + 1),
    }
    assert expected.items() <= Counter(stage.step for stage in graph.values()).items()
    for row in rows:
        (tmp_path / "data/raw" / row).mkdir(parents=True)
        for number in range(20):
            (tmp_path / "data/raw" / row / f"{number}.jpg").touch()
    assert stages(params) == graph, "the graph is a function of params.yaml alone"


def test_combined_cells_are_of_one_label_and_several_sites(
    graph: dict[str, Stage], values: dict[str, Any]
) -> None:
    """A-54: all samples; findings have cells of all an arm's own sites instead (B-28)."""
    cell = graph["score--nguyen2021--utsw--combined"]
    rows = [f"{site}-synthetic" for site in ("utsw", "cc-ccii", "covid-ctset", "mosmed")]
    assert [*dict(cell.inputs["test"])] == rows
    assert [*dict(cell.inputs["training"])] == rows[:1]
    assert "utsw/combined" in graph["figure--nguyen2021"].inputs["metrics"]
    assert "score--chestxray--both-densenet121--combined" not in graph
    study = values["studies"]["nguyen2021"]
    study |= {"arms": {"utsw": study["arms"]["utsw"]}, "averages_without": []}
    study["scales"]["demo"]["sites"] = {"utsw": "utsw-synthetic"}
    alone = stages(_changed(values, run=["nguyen2021"], scale="demo"))
    assert "score--nguyen2021--utsw--utsw-synthetic" in alone
    assert "score--nguyen2021--utsw--combined" not in alone


def test_passes_of_dropout_are_settings_only_where_a_metric_needs_them(
    params: tables.Params,
) -> None:
    values = params.model_dump(exclude_unset=True)
    name = "predict--nguyen2021--utsw--utsw-synthetic"
    budget = "budgets.nguyen-demo.prediction"
    assert stages(tables.parse(values))[name].settings["prediction"] == budget
    values["studies"]["nguyen2021"]["scoring"]["metrics"] = ["auc", "accuracy"]
    without = stages(tables.parse(values))[name].settings["prediction"]
    assert isinstance(without, dict)
    assert {"device", "batch_size"} < set(without)
    assert not {"mc_passes", "mc_dropblock"} & set(without)
