"""stage: names, commands and files of one stage."""

import pytest

from elsewhere.design.stage import Stage

STAGE = Stage(
    step="split",
    wildcards={"study": "s", "site": "a"},
    inputs={"manifest": "m", "table": {"x": "1", "y": "2"}, "again": "m"},
    outputs={"split": "o"},
    settings={"split": "studies.s.split", "sites": {"a": "sites.a"}},
    members={},
)


def test_a_stage_is_named_and_run_by_its_wildcards() -> None:
    assert STAGE.name == "split--s--a"
    assert STAGE.command == "python -m elsewhere split s a"


def test_files_are_told_once_and_keys_sorted() -> None:
    assert STAGE.files == ("m", "1", "2")
    assert STAGE.keys == ("sites.a", "studies.s.split")


def test_one_list_of_code_for_all_that_run_the_same() -> None:
    other = Stage("split", {"study": "t", "site": "b"}, {}, {}, {}, {})
    assert STAGE.code_list == other.code_list == "results/code/split.txt"
    member = Stage("ingest", {"site": "b"}, {}, {}, {}, {"layouts": ("mosmed",)})
    assert member.code_list == "results/code/ingest--mosmed.txt"


def test_one_file_of_settings_for_a_step_of_a_study() -> None:
    other = Stage("split", {"study": "s", "site": "b"}, {}, {}, {}, {})
    assert STAGE.settings_file == other.settings_file == "results/settings/split--s.json"


def test_a_table_of_paths_is_asked_for_by_name() -> None:
    assert STAGE.table("table") == {"x": "1", "y": "2"}
    with pytest.raises(TypeError, match="split--s--a: input 'manifest' is one path"):
        STAGE.table("manifest")
