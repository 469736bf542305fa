"""pipeline: dvc.yaml describes the graph, and DVC reads it that way."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.repo import Repo
from ruamel.yaml import YAML
from ruamel.yaml.parser import Parser

from elsewhere.design import params as tables
from elsewhere.design.graph import stages
from elsewhere.drivers import pipeline


def _params() -> tables.Params:
    return tables.load()


def test_dvc_reads_yaml_by_a_compiled_parser() -> None:
    """In pure Python a `dvc repro` that has nothing to do takes twice as long."""
    assert YAML(typ="safe").Parser is not Parser


@pytest.mark.usefixtures("checkout")
def test_dvc_reads_every_stage() -> None:
    params = _params()
    assert pipeline.write(params)
    pipeline.write_read_by_dvc(tables.read(), params)
    Repo.init(no_scm=True)
    found = {stage.addressing: stage for stage in Repo().index.stages}
    graph = stages(params)
    assert set(found) == {*graph, pipeline.GRAPH}
    for name, stage in graph.items():
        assert found[name].cmd == stage.command
        deps = {dep.def_path for dep in found[name].deps}
        assert deps >= set(stage.compared)
        assert not any(path.endswith(("/volumes", "/arrays")) for path in deps)
        assert {out.def_path for out in found[name].outs} == set(stage.outputs.values())
        values = [dep.hash_info.value for dep in found[name].params]
        assert not any(values), "nothing is locked yet"


@pytest.mark.usefixtures("checkout")
def test_it_is_written_once_and_only_when_it_changes() -> None:
    params = _params()
    assert not pipeline.is_current(params)
    assert pipeline.write(params)
    os.utime("dvc.yaml", ns=(0, 0))
    assert not pipeline.write(params)
    assert Path("dvc.yaml").stat().st_mtime_ns == 0
    pipeline.check(params)


@pytest.mark.usefixtures("checkout")
def test_an_older_graph_is_an_error_that_says_what_to_do() -> None:
    params = _params()
    with pytest.raises(pipeline.StaleGraphError, match="run `elsewhere graph`, then again"):
        pipeline.check(params)
    pipeline.write(params)
    with pytest.raises(pipeline.StaleGraphError, match=r"dvc\.yaml is older"):
        pipeline.check(params.model_copy(update={"scale": "paper"}))


@pytest.mark.usefixtures("checkout")
def test_every_setting_is_read_from_the_json_that_the_first_stage_makes() -> None:
    """An edit of the settings reaches DVC's stages through the output of the stage `graph`."""
    found = yaml.safe_load(pipeline.text(_params()))["stages"]
    assert next(iter(found)) == pipeline.GRAPH
    assert {"params.yaml", "config"} < set(found[pipeline.GRAPH]["deps"])
    assert found[pipeline.GRAPH]["outs"] == ["results/settings", "results/code"]
    for name, entry in found.items():
        if name != pipeline.GRAPH:
            assert [len(table) for table in entry["params"]] == [1]
            assert next(iter(entry["params"][0])).startswith("results/settings/")
            assert any(path.startswith("results/code/") for path in entry["deps"])


@pytest.mark.usefixtures("checkout")
def test_a_stage_finds_its_settings_in_a_file_with_little_else() -> None:
    """DVC walks through all of the file for each key: 17% of a `dvc repro` with one for all."""
    values, params = tables.read(), _params()
    pipeline.write_read_by_dvc(values, params)
    graph = stages(params).values()
    read = {path: json.loads(Path(path).read_text()) for path in {s.settings_file for s in graph}}
    for stage in graph:
        found = read[stage.settings_file]
        assert all(tables.at_key(found, key) == tables.at_key(values, key) for key in stage.keys)
    walked = [_values(read[stage.settings_file]) for stage in graph for _ in stage.keys]
    assert sum(walked) / len(walked) < _values(read) / 10


def _values(table: Any) -> int:
    """Return how many values and tables of them DVC walks through."""
    inside = table.values() if isinstance(table, dict) else table if isinstance(table, list) else ()
    return 1 + sum(map(_values, inside))


@pytest.mark.usefixtures("checkout")
def test_what_dvc_reads_is_touched_only_when_it_changes() -> None:
    values, params = tables.read(), _params()
    pipeline.write_read_by_dvc(values, params)
    graph = stages(params).values()
    files = sorted(path for folder in pipeline.GRAPH_OUTS for path in Path(folder).iterdir())
    assert {path.as_posix() for path in files} == {
        path for stage in graph for path in (stage.code_list, stage.settings_file)
    }
    old = [Path("results/code/gone--network.txt"), Path("results/settings/gone--study.json")]
    underway = Path("results/settings/.part-1-score--study.json")  # of another process
    for path in (*old, underway):
        path.write_text("")
    for path in files:
        os.utime(path, ns=(0, 0))
    score = Path("src/elsewhere/steps/score.py")
    score.write_text(score.read_text() + "\n")
    pipeline.write_read_by_dvc(values, params)
    assert not any(path.exists() for path in old)
    assert underway.exists()
    written = {path.name for path in files if path.stat().st_mtime_ns}
    assert {name.partition("--")[0].removesuffix(".txt") for name in written} == {"score"}
