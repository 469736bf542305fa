"""The report's table of scores from the sites."""

from types import SimpleNamespace

from elsewhere.figures.site_scores import rows
from elsewhere.scores.at_site import MARK

PART = {"status": "ok", "auc": 0.876, "auc_low": 0.8, "auc_high": 0.95, "n_patients": 40}
CELLS = {
    "a": {"finding": "x", "at_site": {"parts": {"x": PART}}},
    "b": {"finding": "x", "at_site": {"parts": {"x": {"status": "undefined", "reason": "few"}}}},
    "c": {"finding": "x"},
}


def test_a_row_for_each_cell_of_a_site():
    results = SimpleNamespace(
        rows=[SimpleNamespace(label="together")],
        columns=[SimpleNamespace(title=name) for name in CELLS],
        cell=lambda row, column: CELLS[column.title],
        named=SimpleNamespace(finding="X"),
    )
    first, second = rows([results])
    assert first == {
        "label": "together", "site": "a", "finding": "X", "auc": "0.88 (0.80–0.95)",
        "sensitivity": "", "specificity": "", "patients": "40", "status": MARK,
    }  # fmt: skip
    assert second["status"] == f"undefined, {MARK}: few"
    assert second["auc"] == ""
