"""apart: volumes that stay out of the cache count as made until something needs them."""

from pathlib import Path

import pytest
import yaml
from dvc.exceptions import ReproductionError
from dvc.repo import Repo

from elsewhere.design.stage import Stage
from elsewhere.drivers import apart, cache
from elsewhere.drivers.state import State, read_lock

VOLUMES, ARRAYS = "scans/a/volumes", "inputs/i/a/arrays"


def stage(step: str, reads: tuple[str, ...], **outputs: str) -> Stage:
    return Stage(step, {"site": "a"}, {path: path for path in reads}, outputs, {}, {})


GRAPH = {
    "ingest": stage("ingest", ("data/raw/a",), manifest="scans/a/m", volumes=VOLUMES),
    "prepare": stage("prepare", ("scans/a/m", VOLUMES), index="inputs/i/a/x", arrays=ARRAYS),
    "audit": stage("audit", ("scans/a/m",), pairs="pairs"),
    "split": stage("split", ("pairs",), split="split"),
    "train": stage("train", ("split", "inputs/i/a/x", ARRAYS), model="model"),
    "score": stage("score", ("model",), metrics="metrics"),
}
BOTH = frozenset({VOLUMES, ARRAYS})


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({}, set()),
        ({"b": {}}, set()),
        ({"a": {}}, {VOLUMES, ARRAYS}),
        ({"a": {"arrays": True}}, {VOLUMES, ARRAYS}),
        ({"a": {"arrays": False}}, {VOLUMES}),
    ],
)
def test_volumes_and_arrays_of_the_sites_that_are_named(
    table: dict[str, dict[str, bool]], expected: set[str]
) -> None:
    assert apart.paths(GRAPH, table) == expected


def test_what_is_absent_by_choice_is_as_it_was() -> None:
    lock = State("c", {"in": "2"}, {}, {ARRAYS: "3", "index": "4"})
    now = State("c", {"in": None}, {}, {ARRAYS: None, "index": None})
    filled = apart.filled(now, lock, BOTH)
    assert filled.deps == {"in": None}
    assert filled.outs == {ARRAYS: "3", "index": None}
    assert apart.filled(now, None, BOTH) == now
    there = State("c", {"in": "2"}, {}, {ARRAYS: "other", "index": "4"})
    assert apart.filled(there, lock, BOTH) == there, "what is there is compared"


@pytest.mark.parametrize(
    ("called", "expected"),
    [
        ([], set()),
        (["score"], set()),
        (["train"], {"ingest", "prepare"}),
        (["audit"], {"ingest", "prepare"}),  # the training follows from it
        (["prepare"], {"ingest"}),
        (["ingest"], {"prepare"}),
    ],
)
def test_makers_run_again_for_what_reads_them(
    called: list[str], expected: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = apart.makers(GRAPH, called, BOTH)
    assert {*found} == expected - {*called}
    assert bool(apart.sentence(found)) == bool(found)
    assert apart.makers(GRAPH, called, frozenset()) == {}
    for path in BOTH:
        Path(path).mkdir(parents=True)
    assert apart.makers(GRAPH, called, BOTH) == {}, "they are there"


def test_dvc_neither_keeps_nor_sends_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does the run-cache. Nothing is stale once what is chosen to be kept was committed."""
    monkeypatch.chdir(tmp_path)
    Repo.init(no_scm=True)
    Path(".dvc/config").write_text(
        "[core]\n    no_scm = true\n    remote = r\n['remote \"r\"']\n    url = ../remote\n"
    )
    entry: dict[str, object] = {
        "cmd": "exit 1",
        "deps": ["in"],
        "outs": [{"volumes": {"cache": False}}, "manifest"],
    }
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": {"one": entry}}))
    Path("in").write_text("input")
    Path("volumes").mkdir()
    Path("volumes/scan").write_text("voxels")
    Path("manifest").write_text("rows")
    with cache.opened() as opened:
        opened.commit("one")
    with Repo() as repo:
        repo.push(run_cache=True)
    for top in (".dvc/cache", "remote"):
        kept = {path.read_text() for path in Path(top).rglob("*") if path.is_file()}
        assert "rows" in kept
        assert "voxels" not in kept
    lock = read_lock()
    assert reproduced(entry) == []
    cached = {**entry, "outs": ["volumes", "manifest"]}
    with pytest.raises(ReproductionError):
        reproduced(cached)  # DVC makes again what is not in its cache
    Path("volumes").mkdir()
    Path("volumes/scan").write_text("voxels")
    Path("manifest").write_text("rows")
    with cache.opened() as opened:
        opened.commit("one")
    assert reproduced(cached) == []
    assert reproduced(entry) == []
    assert read_lock() == lock


def reproduced(entry: dict[str, object]) -> list[object]:
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": {"one": entry}}))
    with Repo() as repo:
        return list(repo.reproduce())
