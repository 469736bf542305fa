"""What is said of results is what metrics.json, the settings and the figures hold."""

import dataclasses
import json

import pytest

from elsewhere.design.comparisons import Comparisons
from elsewhere.evidence import result_facts
from elsewhere.figures import answer


def aucs(study, *, own):
    found = []
    for path in study.job.paths("metrics").values():
        cell = json.loads(path.read_text())
        trained = cell["site"] in cell["training_sites"]
        if cell["pooled"]["auc"] is not None and cell["site"] != "combined" and trained == own:
            found.append(cell["pooled"]["auc"])
    return found


@pytest.mark.parametrize(("name", "own"), [("own", True), ("unseen", False)])
def test_cells_at_home_and_elsewhere_are_counted_apart(study, known, name, own):
    expected = aucs(study, own=own)
    text = known[name].text
    assert text.startswith(f"{len(expected)} cells with an AUC")
    assert f"AUC {min(expected):.2f} to {max(expected):.2f}" in text
    assert text.endswith("Sites are synthetic.")


def test_the_answer_is_that_of_the_report(study, known):
    for item in answer.answer(study.given):
        shown = f"{item['number']} ({item['interval']}): {item['words']}"
        assert shown in known["performance"].text


def test_what_was_not_done_is_no_fact(known):
    for name in ("comparisons", "calibration", "utility", "subgroups", "explained", "readers"):
        assert known[name] is None, name


def test_declared_comparisons_are_counted(study):
    pairs = (Comparisons(arm="utsw", against=("covid-ctset", "utsw_covid-ctset")),)
    row = study.study.model_copy(update={"comparisons": pairs})
    params = study.params.model_copy(update={"studies": {"nguyen2021": row}})
    declared = dataclasses.replace(study, params=params)
    assert result_facts.comparisons(declared).text.startswith("2 pairs of arms")


def test_metrics_are_told_without_numbers_of_our_requirements(known):
    assert "A-5" not in known["metrics"].text
    assert "Hanley and McNeil 1982" in known["metrics"].text
    assert "Confidence 95%" in known["intervals"].text


def test_undefined_cells_have_their_reason(known):
    assert "all 171 test scans are positive" in known["undefined"].text


def test_code_and_settings_are_linked(known, study):
    assert "Apache-2.0" in known["code"].text
    assert study.settings_file in known["settings"].files


def test_limits_begin_with_synthetic_data(known, study):
    text = known["limits"].text
    assert text.startswith("All or some sites are synthetic.")
    assert study.notices()[0] in text
