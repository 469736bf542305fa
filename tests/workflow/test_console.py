"""What a user sees of jobs that run, that fail, and that cannot start."""

import shutil

import pytest
from project import Project

pytestmark = pytest.mark.slow

SITE = "covid-ct-synthetic"
SCORE = """

run_stand_in = run

def run(job, settings):
    import logging

    log = logging.getLogger("elsewhere.steps.score")
    if job.wildcards["arm"] == "joint":
        raise ValueError(f"{job.wildcards['site']}: there is one class only")
    log.info("1 of 3 scans, 0.5 a second, 4 s left")
    time.sleep(2)
    run_stand_in(job, settings)
"""


def test_a_failed_job_says_why_and_a_long_one_how_long(small: Project) -> None:
    code = small.path / "src/elsewhere/steps/score.py"
    code.write_text(code.read_text() + SCORE)
    console = small.path / "src/elsewhere/drivers/console.py"
    console.write_text(console.read_text().replace("EVERY_S = 20.0", "EVERY_S = 0.2"))
    printed = small.sh("snakemake -j8; echo exit code $?")
    assert "exit code 0" not in printed
    reason = f"ValueError: {SITE}: there is one class only"
    assert f"    message: {reason}\n" in printed
    assert "message: None" not in printed
    # two sites, and both combined
    end = printed.partition("[elsewhere] 3 failed:\n")[2]
    assert f"  score contrastive joint {SITE}: {reason}\n" in end
    assert (
        f"[elsewhere] score contrastive single-a {SITE}: 1 of 3 scans, 0.5 a second, 4 s left"
        in (printed)
    )
    log = small.path / f"logs/score/contrastive/joint/{SITE}.log"
    assert log.read_text() == f"elsewhere: {reason}\n"


@pytest.mark.parametrize("options", ["-n", "-j2"])
def test_missing_raw_data_are_named_and_how_to_get_them(options: str, small: Project) -> None:
    for path in (f"data/raw/{SITE}", "data/scans", "data/inputs", "results/contrastive"):
        shutil.rmtree(small.path / path)
    (small.path / f"data/raw/{SITE}.dvc").unlink()
    shutil.rmtree(small.path / ".dvc/cache")
    printed = small.sh(f"snakemake {options}; echo exit code $?")
    assert "exit code 0" not in printed
    assert f"data/raw/{SITE}: no such folder; `elsewhere phantom {SITE}` writes" in printed
    assert ".elsewhere/raw" not in printed
    typed = small.sh(f"python -m elsewhere ingest {SITE}", check=False)
    assert f"data/raw/{SITE}: no such folder; `elsewhere phantom {SITE}` writes" in typed
