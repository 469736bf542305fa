"""paper: the published numbers, typed a second time."""

from __future__ import annotations

from pathlib import Path

import pytest

from elsewhere.design import kinds
from elsewhere.design.params import load
from elsewhere.figures import paper

NETWORKS = ("InceptionResNetV2", "DenseNet121")
METRICS = {"accuracy", "auc", "f1", "sensitivity", "precision"}


def _value(rows: list[dict[str, str]], arm: str, site: str, metric: str) -> str:
    (row,) = [
        row for row in rows if (row["arm"], row["site"], row["metric"]) == (arm, site, metric)
    ]
    return f"{row['value']} {row['sd']}".strip()


def test_numbers_of_nguyen2021() -> None:
    rows = paper.read("nguyen2021")
    assert _value(rows, "utsw", "utsw", "auc") == "0.826 0.024"
    assert _value(rows, "covid-ctset", "utsw", "accuracy") == "0.38"
    ranges = {row["arm"]: (row["low"], row["high"]) for row in rows if row["low"]}
    assert ranges == {"single-site": ("0.405", "0.570"), "multi-site": ("0.380", "0.540")}
    assert {row["requirement"] for row in rows} == {f"A-{n}" for n in range(65, 73)}


def test_numbers_of_contrastive() -> None:
    rows = paper.read("contrastive")
    assert len(rows) == 9 * 2 * 5  # D-18: methods x sites x metrics
    assert _value(rows, "contrastive", "site-a", "auc") == "0.9624 0.0035"  # D-27
    assert _value(rows, "contrastive", "site-b", "auc") == "0.8532 0.0032"  # D-36

    def gain(site: str, better: str, worse: str) -> float:
        aucs = [float(_value(rows, arm, site, "auc").split()[0]) for arm in (better, worse)]
        return round(100 * (aucs[0] - aucs[1]), 2)

    # D-38: differences that the paper's text states
    assert gain("site-a", "contrastive", "single-a-covidnet") == 12.16
    assert gain("site-b", "contrastive", "single-b-covidnet") == 14.23
    assert gain("site-a", "single-a", "joint") == 8.40
    assert gain("site-b", "single-b", "joint") == 11.65
    assert gain("site-a", "parallel-adapter", "joint") == 4.27
    assert gain("site-b", "parallel-adapter", "joint") == 7.81


def test_p_values_of_contrastive() -> None:
    """D-41 and D-42: Tables II and III, of arms that the study has."""
    study = load(Path(__file__).parents[1] / "params").studies["contrastive"]
    rows = paper.tests("contrastive")
    known = {(row["against"], row["site"]): row["p"] for row in rows}
    assert len(rows) == len(known) == 2 * 6
    assert [known[arm, "site-a"] for arm in ("single-a", "joint", "sepnorm")] == [
        "0.002",
        "0.007",
        "0.023",
    ]
    assert float(known["series-adapter", "site-b"]) == 1e-5
    for row in rows:
        assert {row["arm"], row["against"]} <= set(study.arms)
        assert row["site"] in study.arms[row["against"]].sites
        assert row["requirement"] == ("D-41" if row["source"] == "Table II" else "D-42")
    assert paper.tests("nguyen2021") == paper.tests(None) == []


def test_the_review_of_chestxray() -> None:
    """B-44: Table 2; all borderline, and of each image at least one network is wrong at 0.5."""
    rows = paper.review("chestxray")
    known = {(row["network"], row["image"]): float(row["probability"]) for row in rows}
    assert len(rows) == len(known) == 2 * 4
    by_image = [[known[name, str(image)] for image in range(1, 5)] for name in NETWORKS]
    assert by_image == [[0.496, 0.605, 0.472, 0.565], [0.696, 0.477, 0.553, 0.419]]
    truth = {row["image"]: row["ground_truth"] for row in rows}
    assert [truth[str(image)] for image in range(1, 5)] == [
        "No Cardiomegaly",
        "Cardiomegaly",
        "No Cardiomegaly",
        "No Cardiomegaly",
    ]
    for image, said in truth.items():
        calls = [known[name, image] >= 0.5 for name in NETWORKS]
        assert calls.count(said != "Cardiomegaly") >= 1
    for name, value in (("requirement", "B-44"), ("source", "Table 2")):
        assert {row[name] for row in rows} == {value}
    assert {row["impression"] for row in rows} == {"Borderline Cardiomegaly"}
    assert paper.review("nguyen2021") == paper.review(None) == []


@pytest.mark.parametrize("name", ["nguyen2021", "contrastive"])
def test_every_row_is_whole(name: str) -> None:
    study = load(Path(__file__).parents[1] / "params").studies[name]
    sites = {site for scale in study.scales.values() for site in scale.sites}
    for row in paper.read(name):
        assert row["metric"] in METRICS
        assert row["source"]
        assert row["requirement"]
        assert row["site"] in sites | {"unseen", "internal"}
        numbers = [float(row[key]) for key in ("low", "value", "high", "sd") if row[key]]
        assert numbers
        assert all(0 <= number <= 1 for number in numbers)


def test_numbers_of_chestxray() -> None:
    """B-32 to B-37: 60 AUCs, anchored by what the text of the paper says of some (B-31)."""
    rows = paper.read("chestxray")
    known = {(row["arm"], row["site"], row["finding"]): row for row in rows}
    assert len(rows) == len(known) == 60

    def value(arm: str, finding: str, site: str = "mimic-cxr-jpg") -> str:
        return known[arm, site, finding]["value"]

    assert value("chexpert-densenet121", "consolidation") == "0.706"
    assert value("both-densenet121", "consolidation") == "0.694"
    assert value("chexpert-inception-resnet-v2", "edema") == "0.815"
    assert value("both-inception-resnet-v2", "edema") == "0.808"
    inside = [
        float(row["value"])
        for row in rows
        if row["finding"] == "cardiomegaly" and row["site"] != "mimic-cxr-jpg"
    ]
    assert (min(inside), max(inside)) == (0.853, 0.910)  # B-42
    requirements = [row["requirement"] for row in rows]
    assert {one: requirements.count(one) for one in requirements} == {
        f"B-{number}": 10 for number in range(32, 38)
    }
    for row in rows:
        assert row["site"] in {row["arm"].split("-")[0], "internal", "mimic-cxr-jpg"}
        assert (row["site"] == "internal") <= row["arm"].startswith("both-")
        assert "presumed" in row["source"]
        assert row["metric"] == "auc"


def test_counts_of_chestxray_agree_with_their_sums() -> None:
    """B-07, B-08: parts and totals; B-14, B-15: positives of all parts."""
    rows = paper.counts("chestxray")
    found: dict[tuple[str, str], dict[str, int]] = {}
    for row in rows:
        if not row["quantity"].startswith(("male", "age")):
            found.setdefault((row["site"], row["quantity"]), {})[row["part"]] = int(row["value"])
    for site in ("chexpert", "chestxray14"):
        for quantity in ("scans", "patients"):
            parts = dict(found[site, quantity])
            assert parts.pop("all") == sum(parts.values())
            assert len(parts) == 3
    names = ("cardiomegaly", "edema", "consolidation", "atelectasis", "pleural_effusion")
    totals = {
        site: [sum(found[site, name].values()) for name in names]
        for site in ("chexpert", "chestxray14")
    }
    assert totals["chexpert"] == [27_000, 65_230, 14_783, 67_115, 97_815]
    assert totals["chestxray14"] == [2_776, 2_303, 4_667, 11_559, 13_317]
    assert found["mimic-cxr-jpg", "scans"] == {"all": 377_110, "test": 5_159}
    assert paper.counts("contrastive") == paper.counts(None) == []


def test_counts_of_nguyen2021_add_up() -> None:
    """A-04, A-18 to A-24: totals of patients and scans by class."""
    rows = paper.counts("nguyen2021")
    by_part: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row["site"], row["quantity"])
        by_part[key] = by_part.get(key, 0) + int(row["value"]) * (1 if row["part"] != "all" else -1)
    assert set(by_part.values()) == {0}
    totals = {(r["site"], r["quantity"]): int(r["value"]) for r in rows if r["part"] == "all"}
    negative, positive = "COVID-19 negative", "COVID-19 positive"
    assert totals["utsw", f"{negative} patients"] == 118 + 118
    assert totals["utsw", f"{positive} scans"] == 101
    assert (totals["cc-ccii", f"{positive} patients"], totals["cc-ccii", f"{positive} scans"]) == (
        929,
        1_544,
    )
    assert totals["cc-ccii", f"{negative} scans"] == 2_634
    assert totals["covid-ctset", f"{negative} scans"] == 1_068
    assert totals["mosmed", f"{positive} patients"] == 856
    classes = load(Path(__file__).parents[1] / "params").studies["nguyen2021"].classes
    assert {row["quantity"].rsplit(" ", 1)[0] for row in rows} == {*classes}


def test_claims_of_chestxray() -> None:
    rows = paper.claims("chestxray")
    assert [row["requirement"] for row in rows] == [f"B-{number}" for number in range(38, 43)]
    assert all(row["claim"] and row["reading"] and row["source"] for row in rows)
    assert paper.claims("contrastive") == paper.claims(None) == []


def test_claims_of_nguyen2021_name_sites_of_the_study() -> None:
    rows = paper.claims("nguyen2021")
    assert [row["requirement"] for row in rows] == ["A-66", "A-66", "A-73", "A-74", "A-74"]
    sites = {*load(Path(__file__).parents[1] / "params").studies["nguyen2021"].scales["demo"].sites}
    for row in rows:
        asked = row["at"].split(";") if row["at"] else []
        assert {*asked} <= sites
        meaning = kinds.row_class("claims", row["kind"]).at
        assert len(asked) == (len(meaning.split(";")) if meaning else 0)
        assert all(row[name] for name in ("claim", "reading", "source"))


def test_an_unknown_study_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="there are chestxray, contrastive, nguyen2021"):
        paper.read("nobody2020")


def test_numbers_of_ucadi() -> None:
    rows = [row for row in paper.read("ucadi") if row["finding"] == "COVID-19"]
    measured = {(row["arm"], row["site"], row["metric"]): float(row["value"]) for row in rows}
    assert measured["pooled", "internal", "sensitivity"] == 0.975  # C-29
    assert measured["pooled", "internal", "specificity"] == 0.894
    assert measured["pooled", "union", "sensitivity"] == 0.72  # C-32
    assert measured["federated-2", "union", "sensitivity"] == 0.98
    readers = {
        metric: [
            value for (arm, _, name), value in measured.items()
            if arm.startswith("reader-") and name == metric
        ]
        for metric in ("sensitivity", "specificity")
    }  # fmt: skip
    assert readers["sensitivity"] == [0.875, 0.90, 0.55, 0.80, 0.68, 0.93]  # C-30
    assert readers["specificity"] == [0.92, 0.97, 0.89, 0.95, 0.88, 0.79]
    for metric, digits in (("sensitivity", 2), ("specificity", 2)):
        mean = sum(readers[metric]) / 6
        assert round(mean, digits) == measured["readers-mean", "internal", metric]


def test_areas_of_ucadi_are_of_the_classes_and_severities() -> None:
    areas = {row["finding"]: row["value"] for row in paper.read("ucadi") if row["metric"] == "auc"}
    params = load(Path(__file__).parents[1] / "params")
    names = params.studies["ucadi"].classes
    assert [areas[name] for name in names] == ["0.98", "0.98", "0.88", "0.91"]  # C-31
    severity = [areas[f"COVID-19, {grade}"] for grade in ("I", "II", "III")]
    assert severity == ["0.92", "0.92", "0.95"]
