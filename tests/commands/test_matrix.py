"""matrix: the table marks training sites, and says which cells are missing or stale."""

import copy
from pathlib import Path
from typing import Any

import pytest

from elsewhere.commands.matrix import outdated, show
from elsewhere.design import params as tables
from elsewhere.design.fingerprint import Hashes
from elsewhere.design.graph import stages
from elsewhere.drivers import receipts
from elsewhere.drivers.state import Workspace

MATRIX = """arm,train_sites,test_site,finding,fold,auc,auc_low,auc_high,status
a,a,a,,0,0.9,0.8,0.95,ok
a,a,b,,0,0.1,0.1,0.1,ok
a,a,b,,pooled,0.523,0.4,0.6,ok
a_b,a+b,a,,0,0.8,0.7,0.9,ok
a_b,a+b,b,,0,,,,not run
"""


def test_a_study_that_was_not_run_says_how(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"snakemake -j8 .*matrix\.csv"):
        show(tmp_path / "nguyen2021")


def test_every_cell_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "matrix.csv").write_text(MATRIX)
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures/roc.png").write_bytes(b"")
    show(tmp_path)
    shown = capsys.readouterr().out
    assert "0.90 [0.80, 0.95] *" in shown
    assert "0.52 [0.40, 0.60] " in shown, "the pooled row, not a fold's"
    assert "0.10" not in shown
    assert "0.52 [0.40, 0.60] *" not in shown, "b is elsewhere for arm a"
    assert "not run *" in shown
    assert str(tmp_path / "figures/roc.png") in shown.replace("\n", "")


def test_of_several_classes_the_accuracy_is_shown_after_the_aucs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = "multiclass_accuracy,multiclass_accuracy_low,multiclass_accuracy_high"
    (tmp_path / "matrix.csv").write_text(
        f"arm,train_sites,test_site,finding,fold,auc,auc_low,auc_high,{columns},status\n"
        "a,a,a,healthy,0,0.9,0.8,0.95,,,,ok\n"
        "a,a,b,healthy,0,,,,,,,undefined\n"
        "a,a,a,all classes,0,,,,0.75,0.6,0.85,ok\n"
        "a,a,b,all classes,0,,,,0.5,0.3,0.7,undefined\n"
    )
    show(tmp_path)
    shown = capsys.readouterr().out
    assert "healthy: AUC" in shown
    assert "all classes: accuracy" in shown
    assert "0.75 [0.60, 0.85] *" in shown
    assert "0.50 [0.30, 0.70]" in shown, "also where no macro AUC is defined"


@pytest.fixture
def values(checkout: Path) -> dict[str, Any]:
    """Settings of one study, all of whose stages have just been made."""
    del checkout
    values = tables.read() | {"run": ["contrastive"]}
    graph = stages(tables.parse(values))
    for path in {path for stage in graph.values() for path in stage.outputs.values()}:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(path)
    for site in ("sars-cov-2-ct-synthetic", "covid-ct-synthetic"):
        Path("data/raw", site).mkdir(parents=True)
        Path("data/raw", site, "0.png").write_text(site)
    workspace = Workspace(values, Hashes())
    workspace.write_marks(graph)
    hashes = workspace.hashes
    for stage in graph.values():
        digest, read = workspace.now(stage).digest(stage), receipts.noted(stage.files, hashes)
        receipts.write(stage, digest, read, hashes)
    return values


def test_a_matrix_of_what_stands_here_is_current(values: dict[str, Any]) -> None:
    assert outdated(values, "contrastive") == ""


def test_a_matrix_of_other_settings_and_data_says_what_is_stale(values: dict[str, Any]) -> None:
    changed = copy.deepcopy(values)
    changed["studies"]["contrastive"]["scoring"]["bootstrap"] = 7
    Path("data/raw/covid-ct-synthetic/0.png").write_text("another patient")
    said = outdated(changed, "contrastive")
    assert said.startswith("This matrix is not that of the present settings, code and data.")
    cells = sum(name.startswith("score--") for name in stages(tables.parse(values)))
    assert f"  score: {cells} of {cells}, " in said
    assert "  ingest: 1 of 2, " in said
    assert "  figure: 1 of 1, " in said, "its settings hold the scoring"
    assert "train" not in said, "it follows from the others"
    assert said.endswith("`snakemake -j8 results/contrastive/matrix.csv` makes it again.")


def test_a_study_that_is_not_in_run_is_judged_all_the_same(values: dict[str, Any]) -> None:
    other = values | {"run": ["nguyen2021"]}
    assert outdated(other, "contrastive") == ""
    Path("data/raw/covid-ct-synthetic/0.png").write_text("another patient")
    said = outdated(other, "contrastive")
    assert "add contrastive to `run` in params.yaml, then `snakemake" in said


def test_a_study_or_scale_that_the_settings_lack_is_named(values: dict[str, Any]) -> None:
    assert "no study 'gone' at scale 'demo'" in outdated(values, "gone")
    desktop = values | {"run": ["contrastive"], "scale": "desktop"}
    assert "no study 'nguyen2021' at scale 'desktop'" in outdated(desktop, "nguyen2021")
