"""claim: verdicts on the published numbers are those of the requirements, counted by hand."""

from __future__ import annotations

import pytest
from scipy import stats

from elsewhere.design import kinds
from elsewhere.design.arm import Arm
from elsewhere.figures import paper as published
from elsewhere.scores import claim as claims
from elsewhere.scores.claim import Claim, check
from elsewhere.scores.evidence import APART, INTERNAL, OWN, Area, Evidence

NETWORKS = ("densenet121", "inception-resnet-v2")
TRAINED = {
    "chexpert": ("chexpert",),
    "chestxray14": ("chestxray14",),
    "both": ("chexpert", "chestxray14"),
}
MIMIC = "mimic-cxr-jpg"
CHANCE = Area(0.5)


def arms(**others):
    return {
        f"{name}-{network}": Arm(sites=sites, method="erm", network=network)
        for network in NETWORKS
        for name, sites in TRAINED.items()
    } | others


@pytest.fixture(scope="module")
def paper():
    """Table 1 as evidence, without intervals."""
    areas = {}
    for row in published.read("chestxray"):
        site = MIMIC if row["site"] == MIMIC else INTERNAL
        areas[row["arm"], site, row["finding"]] = Area(float(row["value"]))
    return Evidence(arms(), areas, 0.95)


@pytest.fixture(scope="module")
def asked():
    return {row["requirement"]: claims.claim(row) for row in published.claims("chestxray")}


def named(kind, **options):
    about = {"findings": (), "limit": 0.0, "exceptions": 0} | options
    return Claim("B-38", kind, text="t", reading="r", source="s", **about)


def evidence(areas, *, given=None):
    return Evidence(given or arms(), areas, 0.95)


def both(joint, single, other=CHANCE):
    """AUC at the external site of the arms of one network."""
    return {
        ("both-densenet121", MIMIC, "edema"): joint,
        ("chexpert-densenet121", MIMIC, "edema"): single,
        ("chestxray14-densenet121", MIMIC, "edema"): other,
    }


@pytest.mark.parametrize(
    ("requirement", "held", "of", "word"),
    [
        ("B-38", 29, 30, "does not hold"),
        ("B-39", 8, 10, "holds"),
        ("B-40", 4, 4, "holds"),
        ("B-41", 30, 30, "holds"),
        ("B-42", 2, 12, "does not hold"),
    ],
)
def test_claims_on_the_published_numbers(paper, asked, requirement, held, of, word):
    found = check(asked[requirement], paper)
    assert (len(found.held), len(found.pairs), found.word) == (held, of, word)
    assert len(found.broken) == of - held
    assert {pair.beyond for pair in found.pairs} == {None}, "no interval is published"


def test_the_pairs_that_break_the_published_claims(paper, asked):
    (tie,) = check(asked["B-38"], paper).broken
    assert tie.first == ("chexpert-inception-resnet-v2", INTERNAL, "atelectasis")
    assert tie.value == 0.0
    # the two cases that the text of the paper excepts
    assert {(pair.first, pair.second) for pair in check(asked["B-39"], paper).broken} == {
        (
            ("both-densenet121", MIMIC, "consolidation"),
            ("chexpert-densenet121", MIMIC, "consolidation"),
        ),
        (
            ("both-inception-resnet-v2", MIMIC, "edema"),
            ("chexpert-inception-resnet-v2", MIMIC, "edema"),
        ),
    }
    # B-42: every internal AUC of Cardiomegaly is 0.853 to 0.910
    inside = [
        pair.value for pair in check(asked["B-42"], paper).broken if pair.first[1] == INTERNAL
    ]
    assert (len(inside), min(inside), max(inside)) == (6, 0.853, 0.910)
    differences = [abs(pair.value) for pair in check(asked["B-41"], paper).pairs]
    assert max(differences) == pytest.approx(0.732 - 0.702)


def test_the_counts_do_not_hang_on_the_presumed_order_of_two_columns(paper, asked):
    """[AMB] B-31: the body's other order would swap Consolidation and Atelectasis."""
    swap = {"consolidation": "atelectasis", "atelectasis": "consolidation"}
    areas = {
        (arm, site, swap.get(one, one)): area for (arm, site, one), area in paper.areas.items()
    }
    for requirement in ("B-38", "B-39", "B-40", "B-41", "B-42"):
        ordered, swapped = (
            check(asked[requirement], of) for of in (paper, Evidence(paper.arms, areas, 0.95))
        )
        assert (len(swapped.held), swapped.word) == (len(ordered.held), ordered.word)


@pytest.mark.parametrize(("difference", "beyond"), [(0.08, True), (0.02, False)])
@pytest.mark.parametrize("sign", [1, -1])
def test_direction_and_interval_of_different_patients(difference, beyond, sign):
    error = 0.02
    areas = {
        ("chexpert-densenet121", INTERNAL, "edema"): Area(0.8 + sign * difference, error=error),
        ("chexpert-densenet121", MIMIC, "edema"): Area(0.8, error=error),
    }
    found = check(named("internal_above_external"), evidence(areas)).pairs[0]
    assert found.interval == APART
    assert found.holds == (sign > 0)
    assert found.beyond == beyond
    half = stats.norm.ppf(0.975) * error * 2**0.5
    assert (found.low, found.high) == pytest.approx(
        (sign * difference - half, sign * difference + half)
    )


def test_joint_training_is_held_against_the_best_of_its_sites():
    found = check(named("joint_above_single"), evidence(both(Area(0.8), Area(0.7), Area(0.79))))
    pair = next(one for one in found.pairs if one.value is not None)
    assert pair.second[0] == "chestxray14-densenet121"
    assert pair.value == pytest.approx(0.01)


def test_an_arm_without_an_auc_might_be_the_best():
    areas = both(Area(0.8), Area(0.7), Area(None))
    found = check(named("joint_above_single", findings=("edema",)), evidence(areas))
    assert [pair.holds for pair in found.pairs] == [None, None], "nor has the other network one"
    assert found.word == "cannot be said"


def test_what_is_missing_leaves_open_only_what_it_could_change():
    def word(*holds, exceptions=0):
        asked = named("poor", exceptions=exceptions)
        pairs = tuple(
            claims.Pair(("a", "b", "c"), None, None, None, None, "", one, None) for one in holds
        )
        return claims.Verdict(asked, pairs).word

    assert word(True, True) == "holds"
    assert word(True, None) == "cannot be said"
    assert word(False, None) == "does not hold"
    assert word(False, True, exceptions=1) == "holds"
    assert word(False, None, exceptions=1) == "cannot be said"
    assert word(False, False, exceptions=1) == "does not hold"
    assert word() == "cannot be said"


@pytest.mark.parametrize(
    ("value", "error", "holds", "beyond"),
    [
        (0.01, 0.005, True, True),
        (0.04, 0.02, True, False),
        (-0.2, 0.02, False, True),
        (0.06, 0.02, False, False),
        (0.01, None, True, None),
    ],
)
def test_networks_are_alike_within_a_margin(value, error, holds, beyond):
    areas = {
        (f"both-{network}", MIMIC, "edema"): Area(0.8 + shift, error=error)
        for network, shift in zip(NETWORKS, (value, 0.0), strict=True)
    }
    found = check(named("networks_alike", limit=0.05), evidence(areas))
    (pair,) = [one for one in found.pairs if one.value is not None]
    assert (pair.holds, pair.beyond) == (holds, beyond)


@pytest.mark.parametrize(
    ("area", "holds", "beyond"),
    [
        (Area(0.6, 0.55, 0.65), True, True),
        (Area(0.6, 0.5, 0.72), True, False),
        (Area(0.8, 0.75, 0.85), False, True),
        (Area(0.7, 0.6, 0.8), False, False),
        (Area(0.8), False, None),
    ],
)
def test_poor_is_judged_by_the_interval_of_the_auc(area, holds, beyond):
    areas = {("both-densenet121", MIMIC, "edema"): area}
    found = check(named("poor", limit=0.7), evidence(areas))
    (pair,) = [one for one in found.pairs if one.value is not None]
    assert (pair.holds, pair.beyond, pair.value) == (holds, beyond, area.auc)
    assert pair.interval == (OWN if area.low is not None else "")


def test_arms_are_found_by_their_rows():
    others = {
        "swapped": Arm(sites=("chestxray14", "chexpert"), method="erm", network="third"),
        "another-way": Arm(sites=("chexpert",), method="sepnorm", network="densenet121"),
        "third-site": Arm(sites=("elsewhere",), method="erm", network="densenet121"),
    }
    given = arms(**others)
    areas = {
        (arm, site, "edema"): Area(0.9 if arm in others else 0.8)
        for arm in given
        for site in (INTERNAL, MIMIC, "chexpert", "elsewhere")
    }
    of = evidence(areas, given=given)
    assert of.external == (MIMIC,), "sites on which an arm was trained are not external"
    joint = check(named("joint_above_single"), of).pairs
    assert {pair.first[0] for pair in joint} == {f"both-{network}" for network in NETWORKS}
    assert not {pair.second[0] for pair in joint} & set(others), "another method or site"
    twins = {
        frozenset((pair.first[0], pair.second[0]))
        for pair in check(named("networks_alike"), of).pairs
    }
    assert frozenset(("both-densenet121", "swapped")) in twins
    assert not any("another-way" in pair or "third-site" in pair for pair in twins)


def test_a_claim_about_arms_that_are_not_there_cannot_be_said():
    given = {"one": Arm(sites=("a",), method="erm", network="n")}
    of = evidence({("one", INTERNAL, "edema"): Area(0.8)}, given=given)
    for kind in kinds.names("claims"):
        verdict = check(named(kind, findings=("edema",)), of)
        assert (kind == "poor") == bool(verdict.pairs)
        if not verdict.pairs:
            assert verdict.word == "cannot be said"


def test_an_unknown_kind_is_named():
    row = published.claims("chestxray")[0] | {"kind": "better"}
    with pytest.raises(
        ValueError, match="B-38: no kind 'better' of claims; there are internal_above"
    ):
        claims.claim(row)
