"""adopt: keeps results after a change of code, and after no other change."""

import csv
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from dvc.repo import Repo

from elsewhere.commands.adopt import AdoptError, adopt
from elsewhere.design import params as tables
from elsewhere.design.graph import stages
from elsewhere.design.stage import Stage
from elsewhere.drivers import cache, pipeline
from elsewhere.drivers.state import CODE, difference, locked, read_lock

SPLIT = "split--contrastive--covid-ct-synthetic"
MANIFEST = Path("data/scans/covid-ct-synthetic/manifest.parquet")
SCALED = "split: {kind: folds, folds: 4, test: 0.25, validation: 0.10, seed: 643}"


@pytest.fixture(scope="module")
def made(check_out: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository in which one stage is made and recorded."""
    top = check_out(tmp_path_factory.mktemp("made"))
    path = top / "params.yaml"
    path.write_text(re.sub(r"(?m)^run: .*$", "run: [contrastive]", path.read_text()))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(top)
        values, params = tables.read(), tables.load()
        pipeline.write(params)
        pipeline.write_read_by_dvc(values, params)
        found = stages(params)[SPLIT]
        for path in (*found.files, *found.outputs.values()):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(f"content of {path}")
        Repo.init(no_scm=True)
        with cache.opened() as opened:
            opened.commit(SPLIT)
    assert (top / "dvc.lock").is_file()
    return top


@pytest.fixture
def stage(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """That stage, in a copy of the repository that the test works in."""
    shutil.copytree(made, tmp_path / "checkout", symlinks=True)
    monkeypatch.chdir(tmp_path / "checkout")
    return stages(tables.load())[SPLIT]


def edit_code(line: str = "# a word\n") -> None:
    path = Path("src/elsewhere/steps/split.py")
    path.write_text(path.read_text() + line)


def rows() -> list[list[str]]:
    with open("adopted.csv", newline="") as stream:
        return list(csv.reader(stream))


@pytest.mark.parametrize("names", [["all"], [SPLIT]])
def test_a_change_of_code_is_adopted_and_the_reason_kept(names: list[str], stage: Stage) -> None:
    before = locked(read_lock()[SPLIT])
    edit_code()
    assert adopt(names, reason='renamed, "quoted", same output') == [SPLIT]
    after = locked(read_lock()[SPLIT])
    assert before is not None
    assert after is not None
    assert after.outs == before.outs
    assert after.deps[stage.code_list] != before.deps[stage.code_list]
    assert rows() == [["stage", "reason"], [SPLIT, 'renamed, "quoted", same output']]
    with Repo() as repo:
        assert repo.status(targets=[SPLIT]) == {}


@pytest.mark.usefixtures("stage")
def test_reasons_are_appended() -> None:
    for n in (1, 2):
        edit_code(f"# {n}\n")
        adopt(["all"], reason=f"reason {n}")
    assert [row[1] for row in rows()] == ["reason", "reason 1", "reason 2"]


@pytest.mark.usefixtures("stage")
def test_nothing_stale_adopts_nothing() -> None:
    assert adopt([SPLIT], reason="none needed") == []
    assert adopt(["all"], reason="none needed") == []
    assert not Path("adopted.csv").exists()


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize("reason", ["", "  \n"])
def test_without_a_reason_nothing_is_adopted(reason: str) -> None:
    edit_code()
    with pytest.raises(AdoptError, match="--reason is empty"):
        adopt(["all"], reason=reason)


def _settings() -> None:
    path = Path("config/studies/contrastive.yaml")
    text = path.read_text()
    assert SCALED in text
    path.write_text(text.replace(SCALED, SCALED.replace("643", "644")))


def _input() -> None:
    MANIFEST.write_text("other patients")


def _output() -> None:
    Path("results/contrastive/splits/covid-ct-synthetic.csv").write_text("by hand")


def _no_output() -> None:
    Path("results/contrastive/splits/covid-ct-synthetic.csv").unlink()


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_settings, "its settings differ, not only its code"),
        (_input, "its inputs differ, not only its code"),
        (_output, "its outputs are not those that were made"),
        (_no_output, "its outputs are not those that were made"),
    ],
)
def test_any_other_change_is_refused(change: object, said: str) -> None:
    before = read_lock()
    edit_code()
    change()  # type: ignore[operator]
    with pytest.raises(AdoptError, match=f"{SPLIT}: {said}"):
        adopt([SPLIT], reason="I think it is neutral")
    assert adopt(["all"], reason="only what is neutral") == []
    assert read_lock() == before


@pytest.mark.usefixtures("stage")
def test_what_was_never_made_is_refused() -> None:
    with pytest.raises(
        AdoptError, match="split--contrastive--sars-cov-2-ct-synthetic: it was never"
    ):
        adopt(["split--contrastive--sars-cov-2-ct-synthetic"], reason="x")


@pytest.mark.usefixtures("stage")
def test_an_unknown_stage_is_named() -> None:
    with pytest.raises(AdoptError, match="split--mars: no such stage; `dvc stage list` names them"):
        adopt(["split--mars"], reason="x")


def test_a_lock_that_lacks_an_input_is_no_change_of_code(stage: Stage) -> None:
    """An input that was added to the graph was not there when the outputs were made."""
    lock = locked(read_lock()[SPLIT])
    assert lock is not None
    now = replace(lock, deps={**lock.deps, stage.code_list: "new"})
    assert difference(stage, now, lock) == CODE
    fewer = {path: found for path, found in lock.deps.items() if path == stage.code_list}
    assert difference(stage, now, replace(lock, deps=fewer)) == "its inputs differ"
    assert json.dumps(dict(lock.settings))  # plain values
