"""The answer about every test scan equals its row of predictions.parquet, and the call is the same.

The files are asked about as they come from their publishers, without tables and labels: DICOM,
slices as PNG, and NIfTI.
"""

import json
from pathlib import Path

import pytest
from small_project import ASKED_ARM, GROUP, STUDY, changed

from elsewhere.design import paths
from elsewhere.imaging import store
from elsewhere.scores import cases, predictions

pytestmark = pytest.mark.xdist_group(GROUP)


def cell(finished, row, file):
    return finished / paths.cell(STUDY, ASKED_ARM, row, file)


def test_every_test_scan_is_found_and_answered(asked):
    assert {scan.sha256 for scan in asked.answer.scans} == set(asked.scans)
    assert [scan.refusals for scan in asked.answer.scans if not scan.answered] == []
    assert len(asked.scans) > 10


def test_probabilities_are_those_of_the_cells(asked, finished):
    compared = 0
    for scan in asked.answer.scans:
        row, scan_id = asked.scans[scan.sha256]
        rows, _ = predictions.read(cell(finished, row, "predictions.parquet"))
        of_scan = rows[(rows["scan_id"] == scan_id) & (rows["part"] == "test")]
        told = {(one.fold, one.seed): one.probability for one in scan.outputs[0].runs}
        for fold, seed, probability in zip(
            of_scan["fold"], of_scan["seed"], of_scan["probability_1"], strict=True
        ):
            assert told[fold, seed] == pytest.approx(probability, abs=1e-6)
            compared += 1
    assert compared == len(asked.scans)


def test_calls_are_those_of_the_cells(asked, finished):
    calls = {}
    for row in {row for row, _ in asked.scans.values()}:
        rows, _ = predictions.read(cell(finished, row, "predictions.parquet"))
        metrics = json.loads(cell(finished, row, "metrics.json").read_text(encoding="utf-8"))
        found = cases.called(rows, cell=metrics)
        calls |= {(row, scan): bool(call) for scan, call in found["call"].items()}
    told = {asked.scans[scan.sha256]: scan.outputs[0].called for scan in asked.answer.scans}
    assert told == calls


def test_volumes_are_those_of_the_site(asked):
    for scan in asked.answer.scans[::7]:
        kept = store.read(asked.work / f"volume-{scan.number}{store.SUFFIX}")
        assert store.sha256(kept) == scan.sha256
        heat = store.read(asked.work / f"map-{scan.number}{store.SUFFIX}")
        assert (heat.ndim, str(heat.dtype)) == (3, "uint8")


def test_nothing_outside_the_folder_of_the_question_is_written(asked, finished):
    assert changed(finished) == asked.before


def test_no_name_of_a_file_is_in_the_answer(asked):
    assert [one.path for one in asked.answer.unused] == ["notes of John Doe.txt"]
    text = asked.answer.to_json()
    assert "Doe" not in text
    sent = Path(asked.work).parent.rglob("sent*/*/*")
    names = {path.name for path in sent if not path.name.isdigit()}  # as a number may be
    assert len(names) > 10
    assert [name for name in names if name in text] == []
