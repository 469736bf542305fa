"""start: what is left out at a start changes no answer, and garbage is collected afterwards."""

import gc
import sys
from types import SimpleNamespace

import pytest
from snakemake.persistence.file import FilePersistence

from elsewhere.drivers import start

TEXTS = ["0123abcd", "it's", "", "new\nline"]


@pytest.fixture
def lean():
    """Call `lean`, and undo in this process what it does."""
    before, asks = gc.get_threshold(), vars(FilePersistence).get("_serialize_param")
    start.lean()
    yield
    gc.set_threshold(*before)
    if asks is None:
        del FilePersistence._serialize_param
    else:
        FilePersistence._serialize_param = asks


class Job:
    """All that Snakemake asks of a job whose params it records."""

    non_derived_params = TEXTS


def written() -> list[str]:
    """Return what Snakemake writes of a job's params into its record."""
    return FilePersistence(nolock=True)._params(Job())


def test_params_are_recorded_as_snakemake_itself_records_them(tmp_path, monkeypatch, request):
    monkeypatch.chdir(tmp_path)
    before = written()
    request.getfixturevalue("lean")
    assert written() == before == sorted(map(repr, TEXTS))


def test_pandas_is_not_loaded(loaded_by, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = (
        "from snakemake.persistence.file import FilePersistence\n"
        "from elsewhere.drivers import start\nstart.lean()\n"
        "class Job:\n    non_derived_params = ['a']\n"
        "FilePersistence(nolock=True)._params(Job())"
    )
    assert "pandas" not in loaded_by(code)


def test_garbage_is_still_collected(lean):
    assert gc.isenabled()
    assert all(gc.get_threshold())


@pytest.mark.parametrize("module", [None, SimpleNamespace(FilePersistence=type("Other", (), {}))])
def test_another_version_without_that_part_starts_as_well(monkeypatch, lean, module):
    monkeypatch.setitem(sys.modules, "snakemake.persistence.file", module)
    start.lean()


@pytest.mark.parametrize("fails", [False, True])
def test_a_step_begins_without_collections_and_leaves_with_them(monkeypatch, fails):
    seen = []

    def run(name, wildcards, *, expect):
        seen.append((name, wildcards, expect, gc.isenabled()))
        if fails:
            raise ValueError("the step")

    monkeypatch.setattr("elsewhere.drivers.execute.run", run)
    if fails:
        with pytest.raises(ValueError, match="the step"):
            start.step("score", ["a", "b"], "digest")
    else:
        start.step("score", ["a", "b"], "digest")
    assert seen == [("score", ["a", "b"], "digest", False)]
    assert gc.isenabled()
