"""job: an input is one path or a table of paths, and the two are not confused."""

from pathlib import Path

import pytest

from elsewhere.design.job import Job

JOB = Job(
    name="train--a",
    wildcards={"arm": "a"},
    inputs={"index": {"here": Path("i")}, "split": Path("s")},
    outputs={"model": Path("m")},
)


def test_paths_are_handed_out_by_name() -> None:
    assert JOB.path("split") == Path("s")
    assert JOB.paths("index") == {"here": Path("i")}


def test_a_table_is_not_a_path() -> None:
    with pytest.raises(TypeError, match="train--a: input 'index' is a table of paths"):
        JOB.path("index")
    with pytest.raises(TypeError, match="train--a: input 'split' is one path"):
        JOB.paths("split")
