"""compared: each way in which a stage can differ from its record, and no other."""

from dataclasses import replace
from pathlib import Path

import pytest

from elsewhere.design.fingerprint import digest
from elsewhere.design.stage import Stage
from elsewhere.drivers.compared import BEFORE, GONE, NEVER, OTHERS, Compared
from elsewhere.drivers.recorded import Record

MANIFEST, VOLUMES, TABLE = "data/scans/a/manifest.parquet", "data/scans/a/volumes", "results/a.csv"
FIRST = Stage(
    "ingest",
    {"site": "a"},
    {"raw": "data/raw/a"},
    {"manifest": MANIFEST, "volumes": VOLUMES},
    {"intake": "intakes.strict"},
    {},
)
SECOND = Stage(
    "split",
    {"study": "s", "site": "a"},
    {"manifest": MANIFEST, "volumes": VOLUMES},
    {"split": TABLE},
    {"seed": "seed"},
    {},
)
VALUES = {"intakes": {"strict": {"least_slices": 4}}, "seed": 1}
CODE = {FIRST.code_list: "c1", SECOND.code_list: "c2"}
BY_DVC = {
    FIRST.name: Record(
        read={"data/raw/a": "r.dir"},
        written={MANIFEST: "m", VOLUMES: "v.dir"},
        sizes={MANIFEST: 5},
        command=FIRST.command,
        settings={"intakes.strict": {"least_slices": 4}},
        code="c1",
    ),
    SECOND.name: Record(
        read={MANIFEST: "m", VOLUMES: "v.dir"},
        written={TABLE: "t"},
        sizes={TABLE: 3},
        command=SECOND.command,
        settings={"seed": 1},
        code="c2",
    ),
}
BY_JOB = {
    FIRST.name: Record(
        read={"data/raw/a": "r.dir"},
        written={MANIFEST: "m", VOLUMES: "times of files"},
        sizes={},
        digest=digest(FIRST.command, {"intakes.strict": {"least_slices": 4}}, "c1"),
    ),
    SECOND.name: Record(
        read={MANIFEST: "m", VOLUMES: "times of files"},
        written={TABLE: "t"},
        sizes={},
        digest=digest(SECOND.command, {"seed": 1}, "c2"),
    ),
}


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A folder with what both stages write."""
    (tmp_path / VOLUMES).mkdir(parents=True)
    (tmp_path / MANIFEST).write_text("table")
    (tmp_path / TABLE).parent.mkdir()
    (tmp_path / TABLE).write_text("csv")
    return tmp_path


def whys(top, values=VALUES, code=CODE, **records):
    """What is said of both stages; records in place of those of DVC by stage name."""
    compared = Compared(top, values, code)
    found = {**{name: [one] for name, one in BY_DVC.items()}, **records}
    return [compared.difference(stage, found[stage.name]) for stage in (FIRST, SECOND)]


@pytest.mark.parametrize("first", [BY_DVC, BY_JOB])
@pytest.mark.parametrize("second", [BY_DVC, BY_JOB])
def test_either_record_shows_a_stage_and_the_other_may_have_made_its_inputs(top, first, second):
    records = {FIRST.name: [first[FIRST.name]], SECOND.name: [second[SECOND.name]]}
    assert whys(top, **records) == ["", ""]


def test_one_good_record_is_enough(top):
    old = replace(BY_DVC[FIRST.name], code="c0")
    assert whys(top, **{FIRST.name: [old, BY_JOB[FIRST.name]]}) == ["", ""]
    assert whys(top, **{FIRST.name: [old]})[0] == "its code differs"


def test_what_was_never_made_is_said_and_what_waits_for_it(top):
    assert whys(top, **{FIRST.name: []}) == [NEVER, BEFORE]


@pytest.mark.parametrize("made", [BY_DVC, BY_JOB])
def test_a_changed_setting_concerns_the_stages_that_are_handed_it(top, made):
    records = {name: [one] for name, one in made.items()}
    said = whys(top, VALUES | {"seed": 2}, **records)
    assert said[0] == ""
    assert "settings" in said[1]


@pytest.mark.parametrize("made", [BY_DVC, BY_JOB])
def test_changed_code_concerns_the_stages_that_import_it(top, made):
    records = {name: [one] for name, one in made.items()}
    said = whys(top, code=CODE | {SECOND.code_list: "new"}, **records)
    assert said[0] == ""
    assert "code" in said[1]


def test_code_that_is_not_here_is_not_compared(top):
    assert whys(top, code={}) == ["", ""]
    assert whys(top, code={}, **{name: [one] for name, one in BY_JOB.items()}) == ["", ""]


def test_outputs_must_be_here_with_the_sizes_that_were_noted(top):
    (top / TABLE).write_text("longer")
    assert whys(top) == ["", OTHERS]
    (top / TABLE).unlink()
    assert whys(top) == ["", GONE]


def test_a_file_that_keeps_its_size_is_not_noticed(top):
    """The page says so: whoever wants to know must hash."""
    (top / TABLE).write_text("CSV")
    assert whys(top) == ["", ""]


def test_an_input_that_was_made_anew_with_another_content_is_noticed(top):
    again = replace(BY_DVC[FIRST.name], written={MANIFEST: "new", VOLUMES: "v.dir"})
    assert whys(top, **{FIRST.name: [again]}) == ["", "its inputs differ"]
    same = replace(BY_DVC[FIRST.name], written={MANIFEST: "m", VOLUMES: "moved.dir"})
    assert whys(top, **{FIRST.name: [same]}) == ["", ""], "the manifest lists the volumes"


def test_raw_data_are_compared_with_what_snakemake_noted(top):
    mark = top / ".elsewhere/raw/a.md5"
    mark.parent.mkdir(parents=True)
    mark.write_text("r.dir\n")
    assert whys(top) == ["", ""]
    mark.write_text("other.dir\n")
    assert whys(top)[0] == "its inputs differ"
