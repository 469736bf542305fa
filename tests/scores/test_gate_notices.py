from __future__ import annotations

from typing import get_args

from elsewhere.design.split import Allowed
from elsewhere.scores import gate_notices

COUNTS = [
    {"fold": fold, "part": part, "label": label, "patients": 3 + label, "scans": 9}
    for fold in (0, 1)
    for part in ("train", "test")
    for label in (0, 1)
]
FAULT = {"kind": "sizes", "fold": 1, "part": "test", "text": "58 of 100 patients (58%)"}


def test_patients_are_counted_by_place_and_label() -> None:
    counted = gate_notices.patients({"counts": COUNTS})
    assert counted[1, "test", ""] == {0: 3, 1: 4}
    assert gate_notices.folds({"counts": COUNTS}) == 2
    assert gate_notices.folds({}) == 0


def test_what_was_let_pass_is_named_by_kind_part_and_fold() -> None:
    gate = {"counts": COUNTS, "allowed": [FAULT, {**FAULT, "kind": "empty", "text": "nobody"}]}
    expected = (
        "parts of another size than was asked for (test part of fold 1: 58 of 100 patients (58%)), "
        "parts without a patient (test part of fold 1: nobody)"
    )
    assert gate_notices.allowed(gate) == expected
    assert gate_notices.allowed({"counts": COUNTS}) == ""


def test_only_classes_are_lacking_not_findings() -> None:
    warned = [{**FAULT, "about": "COVID-19", "text": "no COVID-19"}, {**FAULT, "about": "edema"}]
    gate = {"counts": COUNTS[:2], "warned": warned}
    assert gate_notices.lacking(gate, ("healthy", "COVID-19")) == "test part: no COVID-19"


def test_every_kind_that_a_split_may_allow_has_words() -> None:
    assert {*gate_notices.ACCEPTED} == {*get_args(Allowed)}
