"""adequacy: parts that are empty, of one class or of another size are refused, or recorded."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from elsewhere.cohorts import leakage
from elsewhere.cohorts.adequacy import AdequacyError, Asked, check, expected, is_far
from elsewhere.cohorts.split import Tested, assign
from elsewhere.design.split import Split

HOLDOUT = Split(kind="holdout", folds=1, test=0.2, validation=0.2, seed=0)
NOBODY = pd.DataFrame({"patient_id": [], "group": [], "across_sites": []}).astype(
    {"patient_id": str, "group": str, "across_sites": bool}
)
PAPERS = {
    "A-18": Split(kind="holdout", folds=1, test=0.20, validation=0.08, seed=2021),
    "B-07": Split(kind="holdout", folds=1, test=0.2, validation=0.08, rounding="up", seed=2022),
    "C-07": Split(kind="fixed_test", folds=5, test=0.20, validation=0.16, seed=20),
    "D-06": Split(kind="folds", folds=4, test=0.25, validation=0.10, seed=643),
}


def site(*classes: int, scans_each: int = 1, categories: int = 1) -> pd.DataFrame:
    """As many patients of each label as is said."""
    rows = [
        {"label": label, "category": f"{label}-{number % categories}", "patient": number}
        for label, count in enumerate(classes)
        for number in range(count)
        for _ in range(scans_each)
    ]
    frame = pd.DataFrame(rows, columns=["label", "category", "patient"])
    ids = [f"s{number:05d}" for number in range(len(frame))]
    patients = "p" + frame["label"].astype(str) + "-" + frame["patient"].astype(str)
    return frame.assign(
        scan_id=ids, patient_id=patients, patient_key="published", volume_sha256=ids
    ).astype({"label": "Int64"})


def group(patients: list[str], *, across: bool = False) -> pd.DataFrame:
    return pd.DataFrame({"patient_id": patients, "group": "g", "across_sites": across})


def gate(
    scans: pd.DataFrame,
    settings: Split = HOLDOUT,
    connected: pd.DataFrame = NOBODY,
    tested: Tested = "by_share",
    **about,
):
    """Split a site, check it for leakage, and check what came out."""
    rows = assign(scans, connected, settings=settings, tested=tested)
    leakage.check(rows, scans, connected, settings=settings, tested=tested)
    return check(rows, scans, connected, asked=Asked("here", settings, tested, **about))


def allowing(settings: Split, *kinds: str) -> Split:
    return Split.model_validate(settings.model_dump() | {"allow": {"here": kinds}})


def test_a_usual_site_passes_and_nothing_is_recorded():
    assert gate(site(40, 30, scans_each=2)) == {"allowed": [], "warned": []}


@pytest.mark.parametrize("settings", PAPERS.values(), ids=PAPERS)
def test_rounding_of_small_strata_is_never_far(settings):
    """Every site of single patients, however small, passes but for parts that are empty."""
    lenient = allowing(settings, "empty", "one_class")
    for no, yes, categories in product((0, 1, 2, 3, 5, 8, 13), (0, 1, 4, 9), (1, 3)):
        scans = site(no, yes, categories=categories)
        if len(scans):
            gate(scans, lenient)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9])
def test_rounding_is_below_two_patients_a_stratum_whatever_was_asked(share):
    rest = (1 - share) / 2
    for n, rounding in product(range(1, 40), ("nearest", "up")):
        settings = Split(
            kind="holdout", folds=1, test=share, validation=rest, rounding=rounding, seed=n
        )
        rows = assign(site(n), NOBODY, settings=settings)
        wanted = expected({0: n}, asked=Asked("here", settings))
        for part, size in rows.groupby("part")["patient_id"].nunique().items():
            assert abs(size - wanted[part]) < 2


def test_a_group_that_takes_more_than_half_of_the_site_is_far():
    """58 of 100 patients, whom duplicates connect, in one part that was to have 20 or 60."""
    together = group([f"p1-{number}" for number in range(58)])
    with pytest.raises(AdequacyError) as refused:
        gate(site(42, 58), allowing(HOLDOUT, "one_class", "empty"), together)
    assert "of 100 patients" in str(refused.value)
    assert "allow: {here: [one_class, empty, sizes]}" in str(refused.value)
    record = gate(site(42, 58), allowing(HOLDOUT, "one_class", "empty", "sizes"), together)
    assert "sizes" in {fault["kind"] for fault in record["allowed"]}


@pytest.mark.parametrize(
    ("size", "wanted", "far"),
    [
        (58, 20, True),
        (34, 20, False),
        (36, 20, True),
        (20, 8, True),
        (16, 8, False),
        (3, 8, True),
        (10, 20, False),
        (9, 20, True),
        (22, 60, True),
        (74, 60, False),
    ],
)
def test_what_is_far_of_a_hundred_patients(size, wanted, far):
    assert is_far(size, wanted, of=100, n_strata=2) == far
    assert not is_far(size, wanted, of=100, n_strata=20), "so many strata may be rounded so far"


def test_one_group_alone_leaves_parts_empty():
    """Three patients, all with copies of one another's scans."""
    with pytest.raises(AdequacyError, match=r"none of 3 patients; asked for 20%, about 0\.6"):
        gate(site(0, 3), connected=group(["p1-0", "p1-1", "p1-2"]))
    with pytest.raises(AdequacyError, match="none of 3 images"):
        gate(site(0, 3).assign(patient_key="none"), connected=group(["p1-0", "p1-1", "p1-2"]))


def test_more_folds_than_patients_leave_folds_without_test_patients():
    ten = Split(kind="folds", folds=10, test=0.1, validation=0.1, seed=0)
    with pytest.raises(AdequacyError) as refused:
        gate(site(4, 4), ten)
    assert "test: none of 8 patients" in str(refused.value)
    assert "ask for fewer folds" in str(refused.value)


def test_a_site_of_one_class_is_refused_with_the_line_that_allows_it():
    with pytest.raises(AdequacyError) as refused:
        gate(site(0, 50))
    text = str(refused.value)
    assert text.startswith("site 'here'")
    assert "fold 0, train: one class: no negative, 30 positive" in text
    assert "fold 0, test: one class: no negative, 10 positive" in text
    assert "allow: {here: [one_class]}" in text
    record = gate(site(0, 50), allowing(HOLDOUT, "one_class"))
    assert [fault["part"] for fault in record["allowed"]] == ["test", "train", "validation"]
    assert record["warned"] == []


def test_what_is_allowed_at_another_site_is_refused_here():
    settings = Split.model_validate(HOLDOUT.model_dump() | {"allow": {"there": ["one_class"]}})
    with pytest.raises(AdequacyError, match="one class"):
        gate(site(0, 50), settings)


def test_a_part_with_one_class_of_a_site_with_two_is_refused():
    """One patient of a class can only be in one part."""
    with pytest.raises(AdequacyError, match=r"one class: 11 negative, no positive; the site has 5"):
        gate(site(55, 1))


def test_an_external_site_has_a_test_part_alone():
    assert gate(site(20, 9), tested="all") == {"allowed": [], "warned": []}
    with pytest.raises(AdequacyError, match="fold 0, test: one class: no negative, 9 positive"):
        gate(site(0, 9), tested="all")


def test_patients_whom_an_external_site_has_too_are_tested_beside_the_share():
    """B-04: 40 of 100 are at the external site; of the others a fifth is tested."""
    half = [f"p{label}-{number}" for label in (0, 1) for number in range(20)]
    connected = group(half, across=True).assign(group=half)
    assert gate(site(50, 50), connected=connected, tested="shared")["allowed"] == []
    wanted = expected({0: 50, 1: 50}, asked=Asked("here", HOLDOUT, "shared"), pinned=40)
    assert wanted["test"] == pytest.approx(40 + 0.2 * 60)


def test_stated_numbers_of_test_patients_are_what_is_asked_for():
    """C-08: 100 of 507, and of a class that is to be tested alone every patient."""
    settings = allowing(PAPERS["C-07"], "one_class")
    assert gate(site(0, 507), settings, tested={1: 100})["warned"] == []
    wanted = expected({0: 60, 1: 40}, asked=Asked("here", HOLDOUT, {0: 6}))
    assert wanted["test"] == pytest.approx(6 + 8)


CLASSES = ("healthy", "COVID-19", "other viral pneumonia")


def test_of_several_classes_a_missing_one_is_recorded_and_one_alone_is_refused():
    """C-25: a class of one patient, who is tested."""
    record = gate(site(60, 50, 1), tested={2: 1}, classes=CLASSES)
    assert {fault["about"] for fault in record["warned"]} == {"other viral pneumonia"}
    assert {fault["kind"] for fault in record["warned"]} == {"missing"}
    assert {fault["part"] for fault in record["warned"]} == {"train", "validation"}
    assert record["allowed"] == []
    with pytest.raises(AdequacyError, match="one class: 6 COVID-19; the site has 30 COVID-19"):
        gate(site(0, 30, 0), classes=CLASSES)


def with_findings(values: dict[str, list]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of one fold: six patients train, two validate, two are tested."""
    scans = site(10).drop(columns="label")
    labels = pd.DataFrame(values, index=scans.index).astype("Int64")
    parts = ["train"] * 6 + ["validation"] * 2 + ["test"] * 2
    rows = scans[["scan_id", "patient_id"]].join(labels).assign(fold=0, part=parts)
    return rows, scans


EDEMA = [0, 1] * 5


def test_a_finding_that_is_not_learned_is_refused_and_one_that_is_not_tested_recorded():
    untested = [0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    rows, scans = with_findings({"edema": EDEMA, "hernia": untested})
    record = check(rows, scans, NOBODY, asked=Asked("here", HOLDOUT))
    assert [(fault["part"], fault["about"]) for fault in record["warned"]] == [
        ("test", "hernia"),
        ("validation", "hernia"),
    ]
    rows, scans = with_findings({"edema": EDEMA, "hernia": untested[::-1]})
    with pytest.raises(AdequacyError, match="train: hernia: 6 negative, no positive, though the"):
        check(rows, scans, NOBODY, asked=Asked("here", HOLDOUT))


def test_a_finding_that_the_site_never_or_always_has_is_its_own_matter():
    rows, scans = with_findings({"edema": EDEMA, "hernia": [pd.NA] * 10, "mass": [1] * 10})
    assert check(rows, scans, NOBODY, asked=Asked("here", HOLDOUT))["warned"] == []
    rows, scans = with_findings({"mass": [1] * 10})
    with pytest.raises(AdequacyError, match="no finding is positive in some and negative in"):
        check(rows, scans, NOBODY, asked=Asked("here", HOLDOUT))


def test_of_a_second_stage_only_a_training_part_is_refused():
    """C-16: its scans are some of the first study's, whose parts it keeps."""
    scans = site(20, 20)
    rows = assign(scans, NOBODY, settings=HOLDOUT)
    about = Asked("here", HOLDOUT, inherited=True)
    no_test = rows[rows["part"] != "test"]
    kept = scans[scans["scan_id"].isin(no_test["scan_id"])]
    record = check(no_test, kept, NOBODY, asked=about)
    assert [(fault["kind"], fault["part"]) for fault in record["warned"]] == [("empty", "test")]
    no_training = rows[rows["part"] != "train"]
    kept = scans[scans["scan_id"].isin(no_training["scan_id"])]
    with pytest.raises(AdequacyError, match="train: none of"):
        check(no_training, kept, NOBODY, asked=about)


def test_a_site_without_a_scan_is_not_judged():
    scans = site(0, 0)
    rows = assign(scans, NOBODY, settings=HOLDOUT)
    assert check(rows, scans, NOBODY, asked=Asked("here", HOLDOUT)) == {"allowed": [], "warned": []}


def test_a_large_site_is_judged_in_no_time():
    scans = site(*np.full(2, 4000))
    assert gate(scans)["allowed"] == []
