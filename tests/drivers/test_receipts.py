"""receipts: a job is believed as long as what it read and wrote is there as it was."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from elsewhere.design import params as tables
from elsewhere.design.fingerprint import Hashes
from elsewhere.design.graph import stages
from elsewhere.design.stage import Stage
from elsewhere.drivers import receipts

NAME = "prepare--contrastive-demo--covid-ct-synthetic"
DIGEST = "0" * 32


@pytest.fixture
def stage(checkout: Path) -> Stage:
    """A finished stage that reads and writes a file and a folder."""
    del checkout
    stage = stages(tables.load())[NAME]
    for path in map(Path, (*stage.files, *stage.outputs.values())):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix:
            path.write_text(f"content of {path}")
        else:
            path.mkdir()
            (path / "one.b2nd").write_text("voxels")
    assert written(stage)
    return stage


def written(stage: Stage) -> bool:
    hashes = Hashes()
    return receipts.write(stage, DIGEST, receipts.noted(stage.files, hashes), hashes)


def holds(stage: Stage, digest: str = DIGEST) -> bool:
    return receipts.holds(stage, digest, Hashes())


def file_of(paths: dict[str, str]) -> Path:
    return next(Path(path) for path in paths.values() if Path(path).suffix)


def folder_of(paths: dict[str, str]) -> Path:
    return next(Path(path) for path in paths.values() if not Path(path).suffix)


def test_what_a_job_made_is_shown(stage: Stage) -> None:
    assert holds(stage)
    assert not holds(stage, "1" * 32), "with other settings or code"
    receipts.forget(stage)
    assert not holds(stage)


def test_the_time_of_a_file_says_nothing(stage: Stage) -> None:
    """Snakemake sets it when a job has ended."""
    for path in (file_of(stage.inputs), file_of(stage.outputs)):
        os.utime(path, ns=(1, 1))
    assert holds(stage)


EDITS: dict[str, Callable[[Stage], object]] = {
    "an input": lambda stage: file_of(stage.inputs).write_text("other"),
    "an input of the same size": lambda stage: flip(file_of(stage.inputs)),
    "an output": lambda stage: flip(file_of(stage.outputs)),
    "a lost output": lambda stage: file_of(stage.outputs).unlink(),
    "a lost folder": lambda stage: shutil.rmtree(folder_of(stage.outputs)),
    "a file of an input folder": lambda stage: flip(folder_of(stage.inputs) / "one.b2nd"),
    "a file of an output folder": lambda stage: flip(folder_of(stage.outputs) / "one.b2nd"),
    "a file more": lambda stage: (folder_of(stage.outputs) / "two.b2nd").write_text("more"),
    "a renamed file": lambda stage: (folder_of(stage.outputs) / "one.b2nd").rename(
        folder_of(stage.outputs) / "other.b2nd"
    ),
    "the receipt": lambda stage: (receipts.FOLDER / f"{stage.name}.json").write_text("{"),
}


def flip(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"!")


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_what_changed_since_is_not_believed(edit: Callable[[Stage], object], stage: Stage) -> None:
    edit(stage)
    assert not holds(stage)


def test_an_input_that_changed_meanwhile_leaves_no_receipt(stage: Stage) -> None:
    hashes = Hashes()
    read = receipts.noted(stage.files, hashes)
    file_of(stage.inputs).write_text("other")
    assert not receipts.write(stage, DIGEST, read, hashes)
    assert not holds(stage), "nor does an older receipt stay"


def test_the_marks_that_snakemake_puts_into_folders_are_not_seen(stage: Stage) -> None:
    (folder_of(stage.outputs) / ".snakemake_timestamp").touch()
    assert holds(stage)
