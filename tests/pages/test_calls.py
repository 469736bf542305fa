"""calls: as many calls are wrong as the confusion matrix counts, of one model and of several."""

import numpy as np
import pandas as pd
import pytest

from elsewhere.pages import calls
from elsewhere.pages.results import NotThere, Results

STUDY = "nguyen2021"
CELLS = [
    (arm, f"{site}-synthetic")
    for arm in ("utsw", "utsw_cc-ccii")
    for site in ("utsw", "cc-ccii", "mosmed")
]


@pytest.fixture(scope="module")
def results(project):
    return Results(project)


@pytest.mark.parametrize("at", CELLS, ids="/".join)
def test_wrong_calls_are_those_of_the_confusion_matrix(results, at):
    given = results.given(STUDY)
    found = calls.read(results, given, at=at, finding="")
    counts = given.results.cells[at]["pooled"]["confusion"]
    scans = found.scans
    positive = given.settings.classes[1]
    assert found.wrong == counts["fp"] + counts["fn"]
    assert int(((scans["call"] == positive) & (scans["label"] == positive)).sum()) == counts["tp"]
    assert int(((scans["call"] != positive) & (scans["label"] != positive)).sum()) == counts["tn"]
    assert len(scans) == given.results.cells[at]["pooled"]["n_scans"]
    assert scans["patient_id"].nunique() == given.results.cells[at]["pooled"]["n_patients"]


def test_scans_are_those_of_predictions_with_what_the_manifest_says(results, project):
    at = CELLS[0]
    found = calls.read(results, results.given(STUDY), at=at, finding="").scans
    path = project / f"results/{STUDY}/cells/{at[0]}/{at[1]}/predictions.parquet"
    rows = pd.read_parquet(path).query("part == 'test'").set_index("scan_id")
    table = pd.read_parquet(project / f"data/scans/{at[1]}/manifest.parquet").set_index("scan_id")
    by_scan = found.set_index("scan_id")
    assert sorted(by_scan.index) == sorted(rows.index)
    pd.testing.assert_series_equal(
        by_scan["probability"].sort_index(), rows["probability_1"].sort_index(), check_names=False
    )
    assert (by_scan["category"].astype(str) == table["category"].reindex(by_scan.index)).all()
    assert (by_scan["n_slices"] == table["n_slices"].reindex(by_scan.index)).all()


def test_wrong_and_far_from_the_threshold_come_first(results):
    for at in CELLS:
        scans = calls.read(results, results.given(STUDY), at=at, finding="").scans
        keys = [
            (-wrong, -far) for wrong, far in zip(scans["wrong"], scans["distance"], strict=True)
        ]
        assert keys == sorted(keys)


def test_a_choice_is_offered_where_scans_differ(results):
    found = calls.read(results, results.given(STUDY), at=CELLS[0], finding="")
    for name, counts in found.choices.items():
        column = found.scans[name].astype(str)
        expected = column.value_counts().to_dict()
        assert counts == (expected if len(expected) > 1 else {})


def each(call, label, probability, scans):
    """Calls of a scan after another by several models, at the threshold 0.5."""
    frame = pd.DataFrame({"scan_id": scans, "label": label, "probability_1": probability})
    frame["patient_id"] = frame["scan_id"].str[:1]
    return frame.assign(margin=frame["probability_1"] - 0.5, call=call)


def test_of_several_models_a_scan_is_called_as_most_of_them_do():
    frame = each(
        [True, True, False, False, False, True], [1, 1, 1, 0, 0, 0],
        [0.9, 0.6, 0.3, 0.1, 0.2, 0.6], ["a", "a", "a", "b", "b", "b"],
    )  # fmt: skip
    scans = calls._by_scan(frame, names=("no", "yes")).set_index("scan_id")
    assert scans["call"].tolist() == ["yes", "no"]
    assert scans["label"].tolist() == ["yes", "no"]
    assert scans["wrong"].tolist() == [1, 1]
    assert scans["models"].tolist() == [3, 3]
    np.testing.assert_allclose(scans["probability"], [0.6, 0.3])
    np.testing.assert_allclose(scans["distance"], [0.1, 0.2])
    assert scans[["least", "most"]].to_numpy().tolist() == [[0.3, 0.9], [0.1, 0.6]]


def test_of_several_classes_labels_are_their_names():
    frame = each(["x", "y"], ["x", "x"], [0.7, 0.5], ["a", "b"])
    scans = calls._by_scan(frame, names=None)
    assert scans["wrong"].tolist() == [0, 1]
    assert scans["label"].astype(str).tolist() == ["x", "x"]


def test_missing_predictions_are_told_in_a_sentence(results, project, tmp_path):
    given = results.given(STUDY)
    elsewhere = Results(project)
    elsewhere.root = tmp_path
    with pytest.raises(NotThere, match="not on this machine"):
        calls.read(elsewhere, given, at=CELLS[0], finding="")
