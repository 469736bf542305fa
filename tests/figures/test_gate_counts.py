from __future__ import annotations

from elsewhere.figures import gate_counts

COUNTS = [
    {"fold": 0, "part": part, "label": label, "patients": number, "scans": 2 * number}
    for part, number in (("train", 7), ("validation", 1), ("test", 2))
    for label in (0, 1)
    if (part, label) != ("validation", 0)
]


def test_patients_and_scans_are_written_by_class_and_part() -> None:
    gate = {"patient_key": "published", "counts": COUNTS}
    no, yes = gate_counts.lines(gate, ("no", "yes"))
    assert no == "no: 7 (14) / 0 (0) / 2 (4)"
    assert yes == "yes: 7 (14) / 1 (2) / 2 (4)"


def test_without_patient_keys_there_are_images() -> None:
    gate = {"patient_key": "none", "counts": COUNTS}
    assert gate_counts.lines(gate, ("no", "yes"))[1] == "yes: 14 images / 2 images / 4 images"


def test_folds_and_findings_are_named() -> None:
    counts = [{**row, "fold": fold, "finding": "edema"} for fold in (0, 1) for row in COUNTS]
    lines = gate_counts.lines({"patient_key": "published", "counts": counts}, ("no", "yes"))
    assert lines == [f"fold {fold}, edema: 7 (14) / 1 (2) / 2 (4)" for fold in (0, 1)]
