"""matrix: the matrix in the terminal says which cells are its own and which are not there."""

from pathlib import Path

import pytest

from elsewhere.commands.matrix import show

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
