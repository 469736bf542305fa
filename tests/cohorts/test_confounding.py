"""confounding: true associations are detected, absent ones not, and small data are reported."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from elsewhere.cohorts import confounding
from elsewhere.cohorts.confounding import POOLED, contingency, enough, predictability
from elsewhere.cohorts.fields import GROUPS, VOXELS
from elsewhere.design.audit import Audit
from elsewhere.imaging import signature

AUDIT = Audit(similarity=0.7, folds=5, permutations=99, seed=0)


def scans(
    site: str, patients: int, *, tied: str = "", seed: int = 0, each: int = 2
) -> pd.DataFrame:
    """Two scans a patient; `tied` names the field that goes with the label."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(patients):
        label = number % 2
        for scan in range(each):
            rows.append(
                {
                    "site": site,
                    "unit": f"{site}|{number:03d}",
                    "patient_id": f"{number:03d}",
                    "patient_key": "published",
                    "scan_id": f"{site}{number:03d}{scan}",
                    "label": label,
                    "manufacturer": rng.choice(["GE", "SIEMENS"]),
                    "kernel": ("soft", "sharp")[label] if tied == "kernel" else "soft",
                    "contrast": "unknown",
                    "spacing_z_mm": 1 + label + rng.random() if tied == "spacing" else rng.random(),
                    "spacing_y_mm": 0.7,
                    "spacing_x_mm": float("nan"),
                    "n_slices": int(rng.integers(50, 90)),
                    "rows": 512,
                    "columns": 512,
                    "source_format": "PNG",
                    "bits_stored": 8,
                    "colour_mode": ("grey", "rgb")[label] if tied == "colour" else "grey",
                    "value_scale": "0-255",
                    **voxels(rng, label, tied),
                }
            )
    return pd.DataFrame(rows)


def voxels(rng: np.random.Generator, label: int, tied: str) -> dict[str, object]:
    """Measures of voxels: of the group `tied` one goes with the label, or one in five cells."""
    numbers = {
        group: dict(zip(fields.numbers, rng.normal(size=len(fields.numbers)), strict=True))
        for group, fields in VOXELS.items()
    }
    if numbers.get(tied):
        numbers[tied][VOXELS[tied].numbers[-1]] += 5 * label
    cells = rng.normal(0, 20, signature.LENGTH)
    cells[::5] += 40 * label * (tied == "thumbnail")
    packed = np.clip(np.rint(cells), -127, 127).astype(np.int8).tobytes()
    return {name: value for of in numbers.values() for name, value in of.items()} | {
        "signature": packed
    }


def answers(table: pd.DataFrame, settings: Audit = AUDIT) -> dict[tuple[str, str, str], dict]:
    sites = sorted(set(table["site"]))
    found = predictability(table, sites=sites, settings=settings)
    return {(row["what"], row["where"], row["fields"]): row for row in found}


@pytest.mark.parametrize(
    ("tied", "fields"),
    [
        ("kernel", "acquisition"),
        ("spacing", "acquisition"),
        ("colour", "format"),
        *((group, group) for group in VOXELS),
    ],
)
def test_a_field_that_goes_with_the_label_tells_it(tied: str, fields: str) -> None:
    found = answers(pd.concat([scans("a", 40, tied=tied), scans("b", 40, seed=1)]))
    row = found["label", "a", fields]
    assert (row["auc"], row["p"], row["status"]) == (pytest.approx(1, abs=0.02), 0.01, "ok")
    for other in {*GROUPS} - {fields}:
        assert found["label", "a", other]["auc"] < 0.75
        assert found["label", "a", other]["p"] > 0.01
    assert found["label", "b", fields]["p"] > 0.01


def test_sites_are_predicted_from_what_differs_between_them() -> None:
    three = [scans("a", 30), scans("b", 30, seed=1), scans("c", 30, seed=2).assign(rows=768)]
    found = answers(pd.concat(three))
    row = found["site", POOLED, "format"]
    # c is predicted perfectly, a and b not: for each of a and b, the third of the others from c is
    assert row["auc"] == pytest.approx((1 + 0.75 + 0.75) / 3, abs=0.06)
    assert row["used"] == ["rows"]
    assert (row["patients"], row["groups"], row["scans"]) == (90, 90, 180)


def test_p_is_uniform_when_nothing_is_tied() -> None:
    """Of 40 cohorts without any tie about a twentieth has p below 0.05 (binomial bounds)."""
    settings = AUDIT.model_copy(update={"permutations": 19})
    found = [answers(scans("a", 30, seed=seed), settings) for seed in range(40)]
    for group in {*GROUPS} - {"format"}:  # of which nothing varies here
        chances = [answer["label", "a", group]["p"] for answer in found]
        assert sum(chance <= 0.05 for chance in chances) <= 7
        assert 0.35 < np.mean(chances) < 0.7
        areas = [answer["label", "a", group]["auc"] for answer in found]
        assert np.mean(areas) == pytest.approx(0.5, abs=0.05)


def test_copies_of_a_patient_are_not_judged_by_themselves() -> None:
    """Thirty scans a patient, each patient with a room of its own: nothing of the label in it."""
    table = scans("a", 16, each=30)
    table["manufacturer"] = table["unit"]
    table["n_slices"] = 50
    table["spacing_z_mm"] = 1.0
    for name in VOXELS["intensity"].numbers:  # a patient looks alike on each scan
        table[name] = table.groupby("unit")[name].transform("first")
    assert answers(table)["label", "a", "intensity"]["auc"] < 0.8
    assert answers(table)["label", "a", "acquisition"]["auc"] < 0.6


def test_the_smallest_p_stays_small_after_holm_however_many_sites_there_are() -> None:
    assert enough(AUDIT.model_copy(update={"permutations": 999}), n_sites=4).permutations == 999
    for n_sites in (1, 4, 12):
        smallest = 1 / (1 + enough(AUDIT, n_sites=n_sites).permutations)
        assert smallest * (n_sites + 2) * len(GROUPS) < 0.05
        for n_compared in (1, 40):
            more = enough(AUDIT, n_sites=n_sites, n_compared=n_compared).permutations
            assert ((n_sites + 2) * len(GROUPS) + n_compared) / (1 + more) < 0.05


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (scans("a", 40).assign(label=1), "one class"),
        (scans("a", 8), "too few groups: 0 has 4, 5 folds need 5"),
        (scans("a", 40).iloc[:0], "no scan here"),
    ],
)
def test_too_little_is_undefined_and_says_why(table: pd.DataFrame, reason: str) -> None:
    for row in predictability(table, sites=["a"], settings=AUDIT):
        if row["what"] == "label":
            assert (row["status"], row["auc"], row["p"]) == ("undefined", None, None)
            assert reason in row["reason"]


def test_fields_that_do_not_vary_tell_nothing() -> None:
    row = answers(scans("a", 40))["label", "a", "format"]
    assert (row["auc"], row["p"], row["used"]) == (0.5, 1.0, [])


def test_the_order_of_rows_says_nothing_and_the_seed_little() -> None:
    table = pd.concat([scans("a", 40, tied="spacing"), scans("b", 20, seed=1)])
    assert answers(table) == answers(table.sample(frac=1, random_state=3))
    other = answers(table, AUDIT.model_copy(update={"seed": 9}))["label", "a", "acquisition"]
    assert other["auc"] > 0.95


def test_a_large_cohort_is_drawn_by_patients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confounding, "MOST_SCANS", 40)
    row = answers(scans("a", 60, tied="kernel"))["label", "a", "acquisition"]
    assert (row["scans"], row["patients"], row["groups"]) == (40, 20, 20)
    assert row["auc"] > 0.95


def test_contingency() -> None:
    table = pd.concat([scans("a", 40), scans("b", 10).assign(label=1)])
    found = contingency(table, sites=["a", "b", "gone"])
    assert found["one_class"] == ["b"]
    assert found["sites"][0] == {
        "site": "a", "patients_0": 20, "patients_1": 20, "groups_0": 20, "groups_1": 20,
        "scans_0": 40, "scans_1": 40,
    }  # fmt: skip
    assert found["sites"][2]["patients_1"] == 0
    # chi2 of [[20, 20], [0, 10]] is n (ad - bc)^2 / (row and column sums)
    chi2 = 50 * (20 * 10) ** 2 / (40 * 10 * 20 * 30)
    assert found["cramers_v"] == pytest.approx((chi2 / 50) ** 0.5, abs=1e-4)
    assert contingency(scans("a", 4), sites=["a"])["cramers_v"] is None


def test_a_site_of_findings_has_no_label_to_tell_and_is_a_site_to_tell():
    of_findings = scans("b", 40).assign(label=pd.NA)
    table = pd.concat([scans("a", 40), of_findings]).astype({"label": "Int64"})
    found = answers(table)
    assert found["label", "b", "acquisition"]["status"] == "undefined"
    assert found["label", POOLED, "acquisition"]["scans"] == 80
    assert found["site", POOLED, "acquisition"]["scans"] == 160
    counted = contingency(table, sites=["a", "b"])
    assert [row["scans_0"] + row["scans_1"] for row in counted["sites"]] == [80, 0]
    assert counted["one_class"] == []


def test_more_than_two_classes_are_all_counted():
    """C-25: at one site a class is missing; it has several classes all the same."""
    table = pd.DataFrame(
        {"site": ["a"] * 4 + ["b"] * 3, "unit": [*"stuvwxy"], "label": [0, 1, 2, 3, 1, 3, 3]}
    ).assign(patient_id=[*"stuvwxy"], patient_key="published")
    report = contingency(table, sites=["a", "b"], n_classes=4)
    counts = [[row[f"patients_{k}"] for k in range(4)] for row in report["sites"]]
    assert counts == [[1, 1, 1, 1], [0, 1, 0, 2]]
    assert report["one_class"] == []
    alone = contingency(table[table["label"] == 1], sites=["a", "b"], n_classes=4)
    assert alone["one_class"] == ["a", "b"]


def in_pairs(table: pd.DataFrame) -> pd.DataFrame:
    """Two patients of one label in each group, as if they had copies of one scan."""
    number = table["patient_id"].astype(int)
    pair = number // 4 * 2 + number % 2
    return table.assign(unit=table["site"] + "|" + pair.astype(str))


def test_groups_are_no_patients_and_both_are_counted():
    table = in_pairs(scans("a", 40))
    (row,) = contingency(table, sites=["a"])["sites"]
    for what, expected in (("patients", 20), ("groups", 10), ("scans", 40)):
        assert [row[f"{what}_{label}"] for label in (0, 1)] == [expected] * 2
    answer = answers(table)["label", "a", "acquisition"]
    assert (answer["patients"], answer["groups"], answer["scans"]) == (40, 20, 80)


def test_a_patient_and_a_group_have_the_highest_label_of_their_scans():
    table = pd.DataFrame(
        {"site": "a", "patient_key": "published", "patient_id": [*"ppqrs"], "unit": [*"gggrs"],
         "label": [0, 1, 0, 0, 1]}
    )  # fmt: skip
    (row,) = contingency(table, sites=["a"])["sites"]
    assert [row[f"patients_{label}"] for label in (0, 1)] == [2, 2]
    assert [row[f"groups_{label}"] for label in (0, 1)] == [1, 2]
    assert [row[f"scans_{label}"] for label in (0, 1)] == [3, 2]


def test_no_patients_are_counted_where_no_patient_key_is_published():
    """D-01: SARS-CoV-2 CT has 120 patients, and neither its images nor their groups are that."""
    table = pd.concat([in_pairs(scans("a", 40)).assign(patient_key="none"), scans("b", 20)])
    by_site = {row["site"]: row for row in contingency(table, sites=["a", "b"])["sites"]}
    assert (by_site["a"]["patients_0"], by_site["b"]["patients_0"]) == (None, 10)
    assert (by_site["a"]["groups_0"], by_site["a"]["scans_0"]) == (10, 40)
    found = answers(table)
    assert found["label", "a", "format"]["patients"] is None
    assert found["site", POOLED, "format"]["patients"] is None
    assert found["label", "b", "format"]["patients"] == 20
