from collections import Counter

import numpy as np
import pytest

from elsewhere.design.radiograph_phantom_rows import FINDINGS, Mentioned
from elsewhere.phantom import reports

ROW = Mentioned(prevalence=0.5, missed=0.1, uncertain=0.3, suspected=0.05, denied=0.4)
ROWS = dict.fromkeys(FINDINGS, ROW)
CLEAR = dict.fromkeys(FINDINGS, ROW.model_copy(update={"missed": 0.0, "uncertain": 0.0}))


def many(findings, rows=ROWS, device=False):
    rng = np.random.default_rng(0)
    return [reports.from_report(findings, rows, rng, device=device) for _ in range(3000)]


@pytest.mark.parametrize(
    ("findings", "shares"),
    [
        ({"Edema"}, {1.0: 0.6, -1.0: 0.3, None: 0.1}),
        (set(), {0.0: 0.4, -1.0: 0.05, None: 0.55}),
    ],
)
def test_a_report_errs_as_often_as_its_row_says(findings, shares):
    counts = Counter(labels["Edema"] for labels in many(findings))
    assert set(counts) == set(shares)
    for value, share in shares.items():
        assert counts[value] / 3000 == pytest.approx(share, abs=0.035)


def test_no_finding_is_written_when_nothing_is_there_or_hedged():
    seen = Counter()
    for labels in many({"Edema"}, device=True):
        others = [
            labels[name] for name in reports.LABELS if name not in ("No Finding", "Support Devices")
        ]
        expected = None if 1 in others or -1 in others else 1.0
        assert labels["No Finding"] == expected
        assert labels["Support Devices"] == 1.0
        seen[expected] += 1
    assert min(seen[None], seen[1.0]) > 50


def test_an_opacity_is_mostly_called_so_and_only_where_one_is():
    named = Counter(labels["Lung Opacity"] for labels in many({"Atelectasis"}, CLEAR))
    assert named[1.0] / 3000 == pytest.approx(reports.NAMED_OPACITY, abs=0.04)
    assert {labels["Lung Opacity"] for labels in many({"Cardiomegaly"})} == {None}


def test_pneumonia_is_hedged_with_consolidation():
    assert {labels["Pneumonia"] for labels in many({"Consolidation"})} == {None, -1.0}
    assert {labels["Pneumonia"] for labels in many({"Edema"})} == {None}


def test_people_who_look_leave_nothing_open():
    labels = reports.from_images({"Cardiomegaly", "Edema"}, device=True)
    there = {name for name, value in labels.items() if value == 1}
    assert there == {
        "Cardiomegaly",
        "Enlarged Cardiomediastinum",
        "Edema",
        "Lung Opacity",
        "Support Devices",
    }
    assert {value for name, value in labels.items() if name not in there} == {0.0}
    nothing = reports.from_images(set(), device=False)
    assert [name for name, value in nothing.items() if value == 1] == ["No Finding"]
    assert tuple(nothing) == reports.LABELS
