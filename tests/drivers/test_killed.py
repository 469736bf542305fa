"""killed: what Slurm says of a job that took too much, in the words of its versions."""

import pytest

from elsewhere.drivers import killed

ASKED = {"mem_mb": 400, "runtime": 61}
MEMORY = (
    "Slurm ended it: it took more memory than it asked for (mem_mb=400); to ask for more, end the "
    "command with --set-resources 'train:mem_mb=attempt*800'"
)
TIME = (
    "Slurm ended it: it took more time than it asked for (runtime=61); to ask for more, end the "
    "command with --set-resources 'train:runtime=attempt*122'"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "slurmstepd-node1: error: StepId=6.0 exceeded memory limit (431476736 > 419430400), "
            "being killed",
            MEMORY,
        ),
        ("slurmstepd-node1: error: Exceeded job memory limit", MEMORY),
        ("slurmstepd: error: Detected 1 oom_kill event in StepId=6.0.", MEMORY),
        ("slurmstepd: error: Detected 1 oom-kill event(s) in StepId=6.0 cgroup.", MEMORY),
        ("srun: error: node1: task 0: Out Of Memory", MEMORY),
        ("SLURM-job '6' failed, SLURM status is: 'OUT_OF_MEMORY'.", MEMORY),
        ("error: *** STEP 6.0 ON n1 CANCELLED AT 2026-11-30T15:38:21 DUE TO TIME LIMIT ***", TIME),
        ("SLURM-job '6' failed, SLURM status is: 'TIMEOUT'.", TIME),
        ("error: *** JOB 2 ON n1 CANCELLED AT 2026-11-30T15:38:21 ***", None),
        ("error: *** JOB 2 ON n1 CANCELLED AT 2026-11-30T15:38:21 DUE TO PREEMPTION ***", None),
        ("srun: error: node1: task 0: Exited with exit code 1", None),
        ("resources: mem_mb=400, runtime=61", None),
        ("input: results/oom-kill/splits/a.csv", None),
    ],
)
def test_memory_and_time_are_told_from_other_ends(text: str, expected: str | None) -> None:
    assert killed.reason([f"Building DAG of jobs...\n{text}\n", ""], "train", ASKED) == expected


def test_what_was_asked_for_may_be_unknown() -> None:
    message = killed.reason(["slurmstepd: error: Detected 1 oom_kill event"], "score", {})
    assert message is not None
    assert message.endswith("--set-resources 'score:mem_mb=attempt*NUMBER'")
