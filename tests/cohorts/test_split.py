from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from elsewhere.cohorts.split import assign, part_sizes, pinned_part, strata
from elsewhere.cohorts.units import units
from elsewhere.design.split import Split

NOBODY = pd.DataFrame({"patient_id": [], "group": [], "across_sites": []}).astype(
    {"patient_id": str, "group": str, "across_sites": bool}
)
HOLDOUT = Split(kind="holdout", folds=1, test=0.2, validation=0.08, seed=2021)
FOLDS = Split(kind="folds", folds=4, test=0.25, validation=0.1, seed=643)

# label, {category: (patients, scans)}, patients train/validation/test, scans.
# The classes' sizes are the publishers' (CC-CCII: 964 CP, 849 Normal; MosMedData without CT-0).
UTSW_POSITIVE = (1, {"positive": (101, 101)}, (73, 8, 20), (73, 8, 20))
UTSW_NEGATIVE = (0, {"infection": (118, 118), "other": (118, 118)}, (170, 18, 48), (170, 18, 48))
CC_POSITIVE = (1, {"NCP": (929, 1544)}, (669, 74, 186), (1110, 122, 312))
CC_NEGATIVE = (
    0,
    {"CP": (964, 1556), "Normal": (849, 1078)},
    (1305, 145, 363),
    (1891, 203, 540),
)
CT_POSITIVE = (1, {"covid": (95, 281)}, (68, 8, 19), (201, 23, 57))
CT_NEGATIVE = (0, {"normal": (360, 1068)}, (259, 29, 72), (770, 84, 214))
MOSMED = (
    1,
    {"CT-1": (684, 684), "CT-2": (125, 125), "CT-3": (45, 45), "CT-4": (2, 2)},
    (616, 69, 171),
    (616, 69, 171),
)
SITES = {
    "utsw": (UTSW_POSITIVE, UTSW_NEGATIVE),
    "cc-ccii": (CC_POSITIVE, CC_NEGATIVE),
    "covid-ctset": (CT_POSITIVE, CT_NEGATIVE),
    "mosmed": (MOSMED,),
}


def key(*what: object) -> str:
    return hashlib.md5("/".join(map(str, what)).encode()).hexdigest()[:16]


def patient(name: str, *, label: int, n_scans: int = 1, category: str = "c") -> list[dict]:
    return [
        {
            "scan_id": key(name, scan),
            "patient_id": key(name),
            "patient_key": "published",
            "label": label,
            "category": category,
            "volume_sha256": key("voxels", name, scan) * 4,
        }
        for scan in range(n_scans)
    ]


def site(name: str) -> pd.DataFrame:
    rows = []
    for label, categories, _, _ in SITES[name]:
        for category, (patients, scans) in categories.items():
            for number in range(patients):
                more = number < scans % patients
                rows += patient(
                    f"{name}/{category}/{number}",
                    label=label,
                    n_scans=scans // patients + more,
                    category=category,
                )
    return pd.DataFrame(rows)


def small(n_positive: int = 30, n_negative: int = 41) -> pd.DataFrame:
    rows = []
    for number in range(n_positive + n_negative):
        rows += patient(f"p{number}", label=int(number < n_positive), n_scans=1 + number % 3)
    return pd.DataFrame(rows)


@pytest.mark.parametrize("name", SITES)
def test_the_papers_counts_of_patients_are_reached_exactly(name):
    rows = assign(site(name), NOBODY, settings=HOLDOUT)
    for label, _, patients, _ in SITES[name]:
        found = rows[rows["label"] == label].groupby("part")["patient_id"].nunique()
        assert (found["train"], found["validation"], found["test"]) == patients


@pytest.mark.parametrize("name", SITES)
def test_shares_of_scans_are_within_one_percent_of_the_papers(name):
    rows = assign(site(name), NOBODY, settings=HOLDOUT)
    for label, _, _, scans in SITES[name]:
        found = rows[rows["label"] == label]["part"].value_counts()
        for part, wanted in zip(("train", "validation", "test"), scans, strict=True):
            assert abs(found[part] - wanted) <= 0.01 * sum(scans)


@pytest.mark.parametrize(
    ("n_patients", "expected"),
    [
        (101, (73, 8, 20)),
        (929, (669, 74, 186)),
        (1813, (1305, 145, 363)),
        (95, (68, 8, 19)),
        (360, (259, 29, 72)),
        (856, (616, 69, 171)),  # 685 x 0.1 is 68.5, binary fractions would give 68
    ],
)
def test_the_rule_gives_the_papers_counts_without_categories(n_patients, expected):
    assert part_sizes(n_patients, settings=HOLDOUT) == expected


def test_utsws_negatives_need_their_two_subsets():
    # 170/18/48 is twice 85/9/24, what 118 patients give; 236 at once give another.
    assert part_sizes(118, settings=HOLDOUT) == (85, 9, 24)
    assert part_sizes(236, settings=HOLDOUT) == (170, 19, 47)


@pytest.mark.parametrize("settings", [HOLDOUT, FOLDS], ids=["holdout", "folds"])
def test_the_parts_do_not_depend_on_the_secret_that_hashes_the_keys(settings):
    manifest = small()
    names = ["scan_id", "patient_id"]
    elsewhere = manifest.assign(
        **{name: manifest[name].map(lambda k: key("s", k)) for name in names}
    )
    first, second = (
        assign(rows, NOBODY, settings=settings).merge(rows[["scan_id", "volume_sha256"]])
        for rows in (manifest, elsewhere)
    )
    parts = [
        each.set_index(["fold", "volume_sha256"])["part"].sort_index() for each in (first, second)
    ]
    pd.testing.assert_series_equal(*parts)


@pytest.mark.parametrize("settings", [HOLDOUT, FOLDS], ids=["holdout", "folds"])
def test_the_order_of_rows_does_not_matter(settings):
    manifest = small()
    shuffled = manifest.sample(frac=1, random_state=5)
    pd.testing.assert_frame_equal(
        assign(manifest, NOBODY, settings=settings), assign(shuffled, NOBODY, settings=settings)
    )


def test_another_seed_gives_another_split_of_the_same_size():
    first, second = (
        assign(small(), NOBODY, settings=HOLDOUT.model_copy(update={"seed": seed}))
        for seed in (1, 2)
    )
    assert not first["part"].equals(second["part"])
    counts = [rows.groupby(["label", "part"])["patient_id"].nunique() for rows in (first, second)]
    pd.testing.assert_series_equal(*counts)


@given(
    patients=st.lists(
        st.tuples(st.integers(0, 1), st.integers(1, 4), st.sampled_from("abc")), max_size=40
    ),
    folds=st.integers(1, 5),
    seed=st.integers(0, 5),
)
def test_no_patient_is_torn_and_each_is_tested_as_often_as_it_must(patients, folds, seed):
    kind = "holdout" if folds == 1 else "folds"
    settings = Split(kind=kind, folds=folds, test=0.2, validation=0.1, seed=seed)
    columns = list(patient("x", label=0)[0])
    manifest = pd.DataFrame(
        [
            row
            for number, (label, n_scans, category) in enumerate(patients)
            for row in patient(str(number), label=label, n_scans=n_scans, category=category)
        ],
        columns=columns,
    )
    rows = assign(manifest, NOBODY, settings=settings)
    assert len(rows) == len(manifest) * folds
    assert (rows.groupby(["fold", "patient_id"])["part"].nunique() <= 1).all()
    if kind == "folds":
        tested = rows[rows["part"] == "test"]
        assert sorted(tested["scan_id"]) == sorted(manifest["scan_id"])
    assert list(zip(rows["fold"], rows["scan_id"], strict=True)) == sorted(
        zip(rows["fold"], rows["scan_id"], strict=True)
    )


def test_folds_are_of_equal_size_within_each_label():
    rows = assign(small(), NOBODY, settings=FOLDS)
    tested = rows[rows["part"] == "test"].groupby(["label", "fold"])["patient_id"].nunique()
    for label in (0, 1):
        assert tested[label].max() - tested[label].min() <= 1


def test_a_patient_with_scans_of_both_labels_is_one_unit_of_the_positive_stratum():
    mixed = [*patient("m", label=1, category="NCP"), *patient("m", label=0, category="CP")]
    mixed[1]["scan_id"], mixed[1]["volume_sha256"] = key("other"), key("other") * 4
    found = units(pd.DataFrame(mixed), NOBODY)
    assert [(unit.label, unit.category, unit.n_scans) for unit in found] == [(1, "NCP", 2)]


def test_patients_who_share_identical_voxels_stay_together():
    manifest = small()
    manifest.loc[[0, 10, 20], "volume_sha256"] = "f" * 64
    shared = set(manifest.loc[[0, 10, 20], "patient_id"])
    assert len(shared) == 3
    for seed in range(12):
        rows = assign(manifest, NOBODY, settings=HOLDOUT.model_copy(update={"seed": seed}))
        assert rows.loc[rows["patient_id"].isin(shared), "part"].nunique() == 1


def test_small_categories_join_until_they_reach_every_part():
    rows = [
        row
        for category, count in {"a": 50, "b": 5, "c": 4, "d": 1}.items()
        for number in range(count)
        for row in patient(f"{category}{number}", label=1, category=category)
    ]
    groups = strata(units(pd.DataFrame(rows), NOBODY), settings=HOLDOUT)
    assert sorted(len(group) for group in groups) == [10, 50]


def test_three_patients_of_a_label_are_enough_for_every_part():
    rows = assign(small(n_positive=3, n_negative=3), NOBODY, settings=HOLDOUT)
    assert set(rows.groupby(["label", "part"])["patient_id"].nunique()) == {1}


def test_every_patient_is_tested_equally_often_over_seeds():
    manifest = small(n_positive=20, n_negative=0)
    seeds = range(150)
    counts = pd.Series(0, index=sorted(set(manifest["patient_id"])))
    for seed in seeds:
        rows = assign(manifest, NOBODY, settings=HOLDOUT.model_copy(update={"seed": seed}))
        counts[sorted(set(rows.loc[rows["part"] == "test", "patient_id"]))] += 1
    share = part_sizes(20, settings=HOLDOUT)[2] / 20
    assert min(binomtest(int(n), len(seeds), share).pvalue for n in counts) > 1e-5


def test_an_empty_manifest_gives_an_empty_split_with_its_columns():
    manifest = small().iloc[:0]
    rows = assign(manifest, NOBODY, settings=FOLDS)
    assert len(rows) == 0
    assert list(rows.columns) == ["scan_id", "patient_id", "label", "fold", "part"]


def connected(*members: str, group: str, across_sites: bool = False) -> pd.DataFrame:
    rows = [{"patient_id": key(name), "group": group} for name in members]
    return pd.DataFrame(rows).assign(across_sites=across_sites)


@pytest.mark.parametrize("settings", [HOLDOUT, FOLDS], ids=["holdout", "folds"])
def test_a_group_is_split_as_one_patient(settings):
    manifest = small()
    people = manifest["patient_id"].unique()[:6]
    groups = pd.DataFrame({"patient_id": people, "group": "g" * 16, "across_sites": False})
    for seed in range(20):
        rows = assign(manifest, groups, settings=settings.model_copy(update={"seed": seed}))
        parts = rows[rows["patient_id"].isin(people)].groupby("fold")["part"].nunique()
        assert (parts == 1).all()


@pytest.mark.parametrize("settings", [HOLDOUT, FOLDS], ids=["holdout", "folds"])
def test_a_group_of_two_sites_is_in_the_same_part_at_both(settings):
    """Sites differ in all but the group; no site tests what the other trains on."""
    one = pd.DataFrame(patient("shared", label=1, n_scans=2)).pipe(_with, small())
    other = pd.DataFrame(patient("twin", label=0)).pipe(_with, small(n_positive=20, n_negative=9))
    for number in range(40):
        group = key("group", number)
        found = [
            assign(
                scans,
                connected(name, group=group, across_sites=True),
                settings=settings,
            ).query(f"patient_id == '{key(name)}'")
            for scans, name in ((one, "shared"), (other, "twin"))
        ]
        here, there = (rows.drop_duplicates("fold")["part"].tolist() for rows in found)
        assert here == there


def _with(first: pd.DataFrame, rest: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([first, rest], ignore_index=True)


@pytest.mark.parametrize("settings", [HOLDOUT, FOLDS], ids=["holdout", "folds"])
def test_pinned_parts_follow_the_shares(settings):
    number = 4000
    parts = [pinned_part(key(i), 0, settings=settings) for i in range(number)]
    for part, share in (("test", settings.test), ("validation", settings.validation)):
        assert binomtest(parts.count(part), number, share).pvalue > 1e-4


def test_a_pinned_group_is_tested_in_one_fold():
    for number in range(50):
        parts = [pinned_part(key(number), fold, settings=FOLDS) for fold in range(4)]
        assert parts.count("test") == 1


FINDINGS = ("cardiomegaly", "edema")


def findings(n_patients=500, seed=3):
    """One to five scans a patient; the rarer finding in a tenth of the patients."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(n_patients):
        has = rng.random(2) < (0.4, 0.1)
        for scan in range(rng.integers(1, 6)):
            rows.append((f"p{number:04d}", f"s{number:04d}-{scan}", *(has & (rng.random(2) < 0.8))))
    frame = pd.DataFrame(rows, columns=["patient_id", "scan_id", *FINDINGS])
    frame["volume_sha256"] = frame["scan_id"]
    return frame.assign(category="findings").astype(dict.fromkeys(FINDINGS, "Int64"))


def test_each_part_has_its_share_of_every_finding_and_no_patient_is_torn():
    scans = findings()
    rows = assign(scans, NOBODY, settings=HOLDOUT, labels=FINDINGS)
    assert list(rows.columns) == ["scan_id", "patient_id", *FINDINGS, "fold", "part"]
    assert (rows.groupby("patient_id")["part"].nunique() == 1).all()
    people = rows.groupby("patient_id").agg({"part": "first", **dict.fromkeys(FINDINGS, "max")})
    for name in FINDINGS:
        having = people.loc[people[name] == 1, "part"].value_counts()
        expected = having.sum() * float(HOLDOUT.test)
        assert abs(having["test"] - expected) <= 4, "one a pattern at most"


def test_rounded_up_the_parts_have_the_patients_of_the_paper():
    """B-07 and B-08: scikit-learn's train_test_split, 20 % and then a tenth of the rest."""
    settings = HOLDOUT.model_copy(update={"test": 0.20, "validation": 0.08, "rounding": "up"})
    assert part_sizes(64540, settings=settings) == (46468, 5164, 12908)
    assert part_sizes(30805, settings=settings) == (22179, 2465, 6161)
    nearest = settings.model_copy(update={"rounding": "nearest"})
    assert part_sizes(64540, settings=nearest)[1] == 5163


def test_an_external_site_is_all_test_and_patients_it_shares_are_tested_everywhere():
    scans = findings(60)
    groups = pd.DataFrame(
        {"patient_id": ["p0001", "p0002"], "group": ["g", "h"], "across_sites": [True, True]}
    )
    inside = assign(scans, groups, settings=HOLDOUT, labels=FINDINGS, tested="shared")
    assert set(inside.loc[inside["patient_id"].isin(["p0001", "p0002"]), "part"]) == {"test"}
    assert set(inside["part"]) == {"train", "validation", "test"}
    outside = assign(scans, groups, settings=HOLDOUT, labels=FINDINGS, tested="all")
    assert set(outside["part"]) == {"test"}


def test_an_unknown_label_stays_unknown_and_moves_nobody():
    scans = findings(80)
    scans.loc[scans["patient_id"] == "p0007", "edema"] = pd.NA
    rows = assign(scans, NOBODY, settings=HOLDOUT, labels=FINDINGS)
    assert rows.loc[rows["patient_id"] == "p0007", "edema"].isna().all()
    assert rows["cardiomegaly"].notna().all()


FIXED = Split(kind="fixed_test", folds=5, test=0.2, validation=0.0, seed=7)
CLASSES = {"healthy": 282, "COVID-19 I": 60, "COVID-19 II": 73, "COVID-19 III": 30, "viral": 20}
CLASS_LABELS = {"healthy": 0, "COVID-19 I": 1, "COVID-19 II": 1, "COVID-19 III": 1, "viral": 2}


def several_classes() -> pd.DataFrame:
    rows = []
    for category, count in CLASSES.items():
        for number in range(count):
            name, n_scans = f"{category}/{number}", 1 + number % 4
            rows += patient(name, label=CLASS_LABELS[category], n_scans=n_scans, category=category)
    return pd.DataFrame(rows)


def patients_of(rows: pd.DataFrame, fold: int, part: str) -> set[str]:
    return set(rows.loc[(rows["fold"] == fold) & (rows["part"] == part), "patient_id"])


def test_all_folds_test_the_same_patients_and_validate_each_other_once_c07():
    rows = assign(several_classes(), NOBODY, settings=FIXED)
    tested = patients_of(rows, 0, "test")
    validated = [patients_of(rows, fold, "validation") for fold in range(5)]
    assert all(patients_of(rows, fold, "test") == tested for fold in range(5))
    assert set().union(*validated) == set(rows["patient_id"]) - tested
    assert sum(map(len, validated)) == len(set().union(*validated))
    assert max(map(len, validated)) - min(map(len, validated)) <= len(CLASSES)


def test_stated_numbers_of_test_patients_are_reached_by_class_c08():
    stated = {0: 58, 1: 28, 2: 20}
    rows = assign(several_classes(), NOBODY, settings=FIXED, tested=stated)
    first = rows[(rows["fold"] == 0) & (rows["part"] == "test")]
    assert first.groupby("label")["patient_id"].nunique().to_dict() == stated


def test_stated_numbers_are_shared_out_over_the_categories_of_a_class():
    scans = several_classes()
    rows = assign(scans, NOBODY, settings=FIXED, tested={1: 28}).merge(
        scans[["scan_id", "category"]], on="scan_id"
    )
    first = rows[(rows["fold"] == 0) & (rows["part"] == "test")]
    counts = first.groupby("category")["patient_id"].nunique()
    # 28 of 163: 10.3, 12.5, 5.2
    assert counts[["COVID-19 I", "COVID-19 II", "COVID-19 III"]].tolist() == [10, 13, 5]
    assert counts["healthy"] == 56  # no number stated: the share


def test_a_class_may_be_in_the_test_part_alone_c25():
    scans = pd.concat([small(), pd.DataFrame(patient("only one", label=2))], ignore_index=True)
    rows = assign(scans, NOBODY, settings=FIXED, tested={2: 1})
    assert set(rows.loc[rows["label"] == 2, "part"]) == {"test"}


def test_more_test_patients_than_there_are_is_an_error():
    with pytest.raises(ValueError, match="wants 31 test patients with label 1; the site has 30"):
        assign(small(), NOBODY, settings=FIXED, tested={1: 31})
    with pytest.raises(ValueError, match="wants 1 test patients with label 3; the site has 0"):
        assign(small(), NOBODY, settings=FIXED, tested={3: 1})


def test_duplicates_at_two_sites_that_are_tested_count_as_test_patients():
    scans = small()
    pinned = sorted(set(scans.loc[scans["label"] == 1, "patient_id"]))[:9]
    groups = pd.DataFrame(
        {"patient_id": pinned, "group": pinned, "across_sites": [True] * len(pinned)}
    )
    rows = assign(scans, groups, settings=FIXED, tested={1: 12})
    first = rows[(rows["fold"] == 0) & (rows["part"] == "test") & (rows["label"] == 1)]
    assert first["patient_id"].nunique() == 12
    for group in pinned:
        parts = rows[rows["patient_id"] == group].groupby("fold")["part"].first()
        assert parts.tolist() == [
            pinned_part(group, fold, settings=FIXED, tested={1: 12}) for fold in range(5)
        ]
        assert parts.tolist() == ["test"] * 5 or parts.tolist().count("validation") == 1
