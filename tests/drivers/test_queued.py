"""queued: which lines of Slurm's queue are jobs of this folder, and when Slurm is asked."""

from pathlib import Path

import pytest

from elsewhere.drivers import queued
from elsewhere.drivers.queued import Queued


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLURM_JOB_ID", "4")
    (tmp_path / ".elsewhere").mkdir()
    return tmp_path


def test_jobs_of_other_folders_and_of_no_snakemake_are_left_alone(folder: Path) -> None:
    text = (
        f"1|1|RUNNING|{folder}|rule_cell_score\n"
        f"2|2|PENDING|{folder}|rule_train_wildcards_nguyen2021_utsw_0-0\n"
        f"3|3|RUNNING|{folder}/other|rule_train\n"
        f"7_1|4|RUNNING|{folder}|rule_all\n"
        f"5|5|RUNNING|{folder}|(null)\n"
        f"6_1|8|RUNNING|{folder}|rule_train_wildcards_nguyen2021_utsw_0-0\n"
        f"6_2|6|PENDING|{folder}|rule_train_wildcards_nguyen2021_utsw_0-0\n"
        "a line of another form\n"
    )
    found = queued._of(text, folder.resolve())
    assert found == [
        Queued("1", "RUNNING"),
        Queued("2", "PENDING"),
        Queued("6_1", "RUNNING"),
        Queued("6_2", "PENDING"),
    ]


def test_where_no_job_was_sent_slurm_is_not_asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    (folder / "squeue").write_text("#!/bin/sh\necho x >> asked\n")
    (folder / "squeue").chmod(0o700)
    queued.settle()
    assert not (folder / "asked").exists()


def test_what_was_sent_is_asked_for_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "squeue").write_text("#!/bin/sh\necho x >> asked\n")
    (folder / "squeue").chmod(0o700)
    monkeypatch.setenv("PATH", str(folder))
    queued.note()
    queued.settle()
    assert (folder / "asked").exists()
    (folder / "asked").unlink()
    queued.settle()
    assert not (folder / "asked").exists()
