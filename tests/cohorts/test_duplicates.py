"""duplicates: all pairs that brute force finds are found, and their patients are connected."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from elsewhere.cohorts import duplicates
from elsewhere.cohorts.duplicates import find, whitened
from elsewhere.imaging import signature


def scans(*rows: tuple[str, str, str], n_slices: int = 30) -> pd.DataFrame:
    """Site, patient, voxels; equal voxels have equal hashes and signatures, `x~` is like `x`."""
    found = []
    for number, (site, patient, voxels) in enumerate(rows):
        shape = np.random.default_rng(list(voxels.rstrip("~").encode())).normal(0, 30, 1152)
        shape += np.random.default_rng(number).normal(0, 3, 1152) * voxels.count("~")
        found.append(
            {
                "site": site,
                "scan_id": f"{number:016x}",
                "patient_id": patient,
                "n_slices": n_slices,
                "volume_sha256": voxels,
                "signature": np.clip(np.rint(shape), -127, 127).astype(np.int8).tobytes(),
            }
        )
    return pd.DataFrame(found)


COHORT = scans(
    *((site, f"{site}{number}", f"{site}{number}") for site in "ab" for number in range(20)),
    ("a", "twin", "a3"),  # the same voxels under another patient
    ("b", "moved", "a5~"),  # nearly the same at the other site
    ("b", "moved", "b7~"),  # and so patients a5, b7 and moved are one
    ("a", "a9", "a9"),  # a patient's own copy
    ("a", "a9", "a9~"),
)


@pytest.fixture(scope="module")
def found() -> duplicates.Duplicates:
    return find(COHORT, similarity=0.7)


def test_pairs_of_different_patients_are_listed(found: duplicates.Duplicates) -> None:
    listed = {
        (frozenset([row.patient_a, row.patient_b]), row.kind) for row in found.pairs.itertuples()
    }
    assert listed == {
        (frozenset(["a3", "twin"]), "identical"),
        (frozenset(["a5", "moved"]), "near"),
        (frozenset(["b7", "moved"]), "near"),
    }
    assert (found.n_identical, found.n_near) == (1, 3)  # identical voxels are near ones too
    assert tuple(found.pairs.columns) == duplicates.PAIR
    assert found.pairs["similarity"].between(0.7, 1).all()
    assert found.pairs["similarity"].is_monotonic_decreasing


def test_connected_patients_get_one_group_which_says_whether_it_spans_sites(
    found: duplicates.Duplicates,
) -> None:
    groups = found.groups.set_index("patient_id")
    assert set(groups.index) == {"a3", "twin", "a5", "moved", "b7"}
    assert groups["group"]["a3"] == groups["group"]["twin"] != groups["group"]["a5"]
    assert groups["group"]["a5"] == groups["group"]["moved"] == groups["group"]["b7"]
    assert groups["across_sites"].to_dict() == {
        "a3": False, "twin": False, "a5": True, "moved": True, "b7": True
    }  # fmt: skip


def test_a_group_has_the_same_name_whatever_secret_hides_its_patients(
    found: duplicates.Duplicates,
) -> None:
    """Its name decides the part of patients who are at two sites."""
    names = {name: f"{name[::-1]}?" for name in COHORT["patient_id"]}
    hidden = COHORT.assign(
        patient_id=COHORT["patient_id"].map(names),
        scan_id=COHORT["scan_id"].map(lambda name: f"{99 - int(name, 16):016x}"),
    )
    again = find(hidden, similarity=0.7).groups.set_index("patient_id")["group"]
    for row in found.groups.itertuples():
        assert again[names[row.patient_id]] == row.group


def test_the_order_of_rows_says_nothing(found: duplicates.Duplicates) -> None:
    again = find(COHORT.sample(frac=1, random_state=1), similarity=0.7)
    pd.testing.assert_frame_equal(found.pairs, again.pairs)
    pd.testing.assert_frame_equal(found.groups, again.groups)


def test_the_same_key_at_two_sites_is_two_patients() -> None:
    one = find(scans(("a", "p", "v"), ("b", "p", "v"), ("b", "q", "w")), similarity=0.7)
    assert len(one.pairs) == 1
    assert one.groups["site"].tolist() == ["a", "b"]


def test_images_and_volumes_are_not_compared() -> None:
    both = pd.concat([scans(("a", "p", "v~")), scans(("a", "q", "v"), n_slices=1)])
    assert find(both, similarity=0.7).pairs.empty


def test_scans_that_show_nothing_are_no_duplicates() -> None:
    blank = COHORT.assign(signature=bytes(signature.LENGTH), volume_sha256=range(len(COHORT)))
    assert find(blank.astype({"volume_sha256": str}), similarity=0.1).pairs.empty


@pytest.mark.parametrize("number", [0, 1, 2])
def test_few_scans(number: int) -> None:
    rows = scans(*[("a", f"p{i}", "v~") for i in range(number)]) if number else COHORT.iloc[:0]
    assert len(find(rows, similarity=0.7).pairs) == (number == 2)


def test_random_graphs_are_grouped_as_merging_sets_groups_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In blocks of three by seven, with the list cut short: groups know every pair all the same."""
    monkeypatch.setattr(duplicates, "BLOCK", 3)
    monkeypatch.setattr(duplicates, "WIDE", 7)
    monkeypatch.setattr(duplicates, "MOST_LISTED", 2)
    rng = np.random.default_rng(0)
    for _ in range(10):
        voxels = [f"{rng.integers(12)}" for _ in range(30)]
        people = [f"p{rng.integers(20)}" for _ in range(30)]
        table = scans(*[("a", who, f"{what}~") for who, what in zip(people, voxels, strict=True)])
        table["volume_sha256"] = [f"{number}" for number in range(30)]
        groups: set[frozenset[str]] = set()
        for one, other in itertools.combinations(range(30), 2):
            if voxels[one] == voxels[other] and people[one] != people[other]:
                pair = frozenset([people[one], people[other]])
                touched = {group for group in groups if group & pair}
                groups = groups - touched | {pair.union(*touched)}
        made = find(table, similarity=0.7)
        assert {frozenset(rows) for _, rows in made.groups.groupby("group")["patient_id"]} == groups
        assert len(made.pairs) <= 2


def test_whitening_keeps_copies_alike_and_takes_off_what_all_share() -> None:
    rng = np.random.default_rng(0)
    shared = rng.normal(size=signature.LENGTH) * 5
    own = rng.normal(size=(50, signature.LENGTH))
    shapes = signature.normalised((shared + own).astype(np.float32))
    shapes[7] = shapes[3]
    alike = whitened(shapes) @ whitened(shapes).T
    assert (shapes @ shapes.T).min() > 0.9
    assert alike[3, 7] == pytest.approx(1, abs=1e-4)
    others = ~np.eye(50, dtype=bool)
    others[3, 7] = others[7, 3] = False
    assert alike[others].max() < 0.3
