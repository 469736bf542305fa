"""execute: a run whose settings or code changed is not recorded."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from elsewhere.design import params as tables
from elsewhere.design.fingerprint import Hashes
from elsewhere.design.plan import stage_digest
from elsewhere.drivers import execute, pipeline
from elsewhere.drivers.execute import find

STAND_IN = '''"""A stand-in step that may edit a file while it runs."""
import os
from pathlib import Path

class Settings:
    def __init__(self, scoring):
        self.scoring = scoring

def run(job, settings):
    out = job.outputs["metrics"]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(str(settings.scoring.bootstrap))
    if "EDIT" in os.environ:
        path, old, new = os.environ["EDIT"].split("|")
        text = Path(path).read_text()
        assert old in text
        Path(path).write_text(text.replace(old, new))
'''
STUDY = "config/studies/contrastive.yaml"
CELL = ["contrastive", "joint", "covid-ct-synthetic"]
OUTPUT = Path("results/contrastive/cells/joint/covid-ct-synthetic/metrics.json")


@pytest.fixture(autouse=True)
def _stand_in(checkout: Path) -> None:
    (checkout / "src/elsewhere/steps/score.py").write_text(STAND_IN)


def score(*options: str, edit: str | None = None) -> tuple[int, str]:
    environment = {**os.environ, "PYTHONPATH": "src", **({"EDIT": edit} if edit else {})}
    done = subprocess.run(
        [sys.executable, "-m", "elsewhere", "score", *CELL, *options],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def test_dvcs_plan_is_the_one_that_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """DVC records results/settings and results/code, which an edit after its start passes by."""
    values = tables.read()
    pipeline.write_read_by_dvc(values, tables.parse(values))
    for path in find(tables.load(), "score", CELL).files:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch()
    monkeypatch.setenv("DVC_STAGE", "--".join(["score", *CELL]))
    assert score() == (0, "")
    OUTPUT.unlink()
    for path, old, new in (
        (STUDY, SCORING, SCORING.replace("2000", "1999")),
        ("src/elsewhere/steps/score.py", "A stand-in", "Another stand-in"),
    ):
        text = Path(path).read_text()
        Path(path).write_text(text.replace(old, new))
        code, said = score()
        assert code == 1
        assert "changed after this run was planned; start again" in said
        assert not OUTPUT.exists()
        Path(path).write_text(text)
    assert score() == (0, "")


def digest() -> str:
    stage = find(tables.load(), "score", CELL)
    return stage_digest(stage, tables.read(), Hashes())


def test_a_step_is_told_what_it_may_use_of_the_machine_and_stays_fresh() -> None:
    step, before = Path("src/elsewhere/steps/score.py"), Path("params.yaml").read_text()
    said = 'os.environ.get("ELSEWHERE_CACHE_GB", "nothing")'
    step.write_text(step.read_text().replace("str(settings.scoring.bootstrap)", said))
    planned, found = digest(), []
    for line in ("", "machine: {cache_gb: 2.5}\n"):
        Path("params.yaml").write_text(before + line)
        assert score("--expect", planned) == (0, "")
        found.append(OUTPUT.read_text())
        OUTPUT.unlink()
        OUTPUT.parent.rmdir()
    assert found == ["nothing", "2.5"]


def test_a_step_runs_with_its_settings_and_is_the_one_process_that_loads_torch(
    tmp_path: Path,
) -> None:
    """As Snakemake starts it. In its place stands a module that notes who loads it."""
    loaded, noted = tmp_path / "probe/torch.py", tmp_path / "processes"
    loaded.parent.mkdir()
    loaded.write_text(f"import os\nopen({str(noted)!r}, 'a').write(f'{{os.getpid()}}\\n')\n")
    step = Path("src/elsewhere/steps/score.py")
    step.write_text(f"{STAND_IN}\nimport torch\n")
    slot = [sys.executable, "-m", "elsewhere.drivers.gpu_slot", "0"]
    job = subprocess.Popen(
        [*slot, sys.executable, "-m", "elsewhere", "score", *CELL, "--expect", digest()],
        env={**os.environ, "PYTHONPATH": f"{loaded.parent}:src"},
    )
    assert job.wait(60) == 0
    assert OUTPUT.read_text() == "2000"
    assert noted.read_text().split() == [str(job.pid)], "the slot became the step"


def test_another_plan_is_refused_before_anything_is_written() -> None:
    code, said = score("--expect", "0" * 32)
    assert code == 1
    assert "score--contrastive--joint--covid-ct-synthetic" in said
    assert "changed after this run was planned; start again" in said
    assert not OUTPUT.exists()


SCORING = "bootstrap: 2000"


@pytest.mark.parametrize(
    "edit",
    [
        f"{STUDY}|{SCORING}|{SCORING.replace('2000', '1999')}",
        "src/elsewhere/steps/score.py|A stand-in|Another stand-in",
        "src/elsewhere/files.py|import os|import os, sys",
        "src/elsewhere/design/job.py|Job:|Job :",
    ],
)
def test_a_change_while_it_runs_is_an_error(edit: str) -> None:
    path = edit.split("|", maxsplit=1)[0]
    if path.endswith("files.py"):
        Path("src/elsewhere/steps/score.py").write_text(
            STAND_IN + "from elsewhere.files import whole\n"
        )
    if path.endswith("job.py"):
        Path("src/elsewhere/steps/score.py").write_text(
            STAND_IN + "from elsewhere.design import job\n"
        )
    code, said = score("--expect", digest(), edit=edit)
    assert code == 1
    assert "changed while this ran, so its outputs are not recorded" in said


@pytest.mark.parametrize(
    "edit",
    [
        "config/studies/nguyen2021.yaml|weight_decay: 0.0|weight_decay: 0.5",
        "src/elsewhere/steps/train.py|import|import os\nimport",
    ],
)
def test_a_change_of_what_it_does_not_use_is_none(edit: str) -> None:
    assert score("--expect", digest(), edit=edit) == (0, "")


def test_params_that_cannot_be_used_are_named_not_traced() -> None:
    path = Path(STUDY)
    path.write_text(path.read_text().replace("bootstrap: 2000", "bootstrap: none", 1))
    code, said = score()
    assert code == 1
    assert "scoring.bootstrap" in said
    assert "Traceback" not in said


def test_a_target_that_is_not_in_the_graph_names_those_that_are() -> None:
    with pytest.raises(
        tables.ParamsError, match="`elsewhere split contrastive mosmed` is not in"
    ) as e:
        find(tables.load(), "split", ["contrastive", "mosmed"])
    assert "\n  contrastive covid-ct-synthetic" in str(e.value)
    assert "at scale 'demo'" in str(e.value)


def test_garbage_is_looked_for_again_whatever_became_of_the_import() -> None:
    with pytest.raises(ModuleNotFoundError):
        execute._loaded("elsewhere.steps.no_such_step")
    assert gc.isenabled()


def test_a_step_gets_the_threads_of_its_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where nobody has set any; `score` declares one."""
    step = Path("src/elsewhere/steps/score.py")
    text = STAND_IN.replace("str(settings.scoring.bootstrap)", "SEEN")
    step.write_text(f"import os\nSEEN = os.environ['OMP_NUM_THREADS']\n{text}")
    values = tables.read()
    digest = stage_digest(find(tables.parse(values), "score", CELL), values, Hashes())
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    code, printed = score("--expect", digest)
    assert code == 0, printed
    assert OUTPUT.read_text() == "1"
