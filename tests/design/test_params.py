"""params: a mistake in the settings is reported with its key."""

import copy
from typing import Any

import pytest

from elsewhere.design import params as tables


def _put(values: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(values)
    *path, last = key.split(".")
    at = changed
    for part in path:
        at = at[part]
    at[last] = value
    return changed


N = "studies.nguyen2021"
WRONG = [
    ("typo", 1, "typo"),
    ("scale", "huge", "scale: study 'nguyen2021' has no scale 'huge', it has demo, paper"),
    ("run", [], "run"),
    ("run", ["nguyen"], "run: no study 'nguyen'; there are chestxray, contrastive, nguyen2021"),
    ("sites.utsw.privacy", "secret", "sites.utsw.privacy"),
    ("sites.utsw.titel", "UTSW", "sites.utsw.titel"),
    ("sites.utsw.intake", "lenient", "sites.utsw.intake: 'lenient' is not in intakes; there are"),
    ("intakes.strict.policy", "lenient", "intakes.strict.policy"),
    ("intakes.strict.gap_ratio", 1, "intakes.strict.gap_ratio"),
    ("intakes.strict.fill_slices", -1, "intakes.strict.fill_slices"),
    (f"{N}.audit.folds", 1, f"{N}.audit.folds"),
    (f"{N}.audit.similarity", 0, f"{N}.audit.similarity"),
    ("sites.Upper Case", {}, "sites.Upper Case"),
    ("inputs.nguyen-demo.kind", "picture", "inputs.nguyen-demo"),
    ("inputs.nguyen-demo.matrix", 0, "inputs.nguyen-demo.matrix: must be greater than 0"),
    ("inputs.contrastive-demo.stored_matrix", 8, "a crop cannot be larger"),
    ("networks.nguyen-cnn.dropout_rate", 1.5, "networks.nguyen-cnn.dropout_rate: must be less"),
    ("budgets.nguyen-demo.training.learning_rate", 0, "budgets.nguyen-demo.training.learning_rate"),
    ("budgets.nguyen-demo.training.precision", "bf16", "bf16, which needs device: cuda"),
    ("budgets.nguyen-demo.prediction.mc_passes", -1, "budgets.nguyen-demo.prediction.mc_passes"),
    (f"{N}.split.folds", 4, f"{N}.split: folds is 4, but a holdout split has exactly 1"),
    ("studies.contrastive.split.folds", 1, "cross-validation needs at least 2"),
    (f"{N}.split.validation", 0.8, "leave no training part"),
    (f"{N}.scales.demo.seeds", [], f"{N}.scales.demo.seeds"),
    (f"{N}.scales.demo.seeds", [-1], f"{N}.scales.demo.seeds.0"),
    (f"{N}.classes", ["one"], f"{N}.classes"),
    (f"{N}.scoring.confidence", 95, f"{N}.scoring.confidence"),
    (f"{N}.scales.demo.input", "x", f"{N}.scales.demo.input: 'x' is not in inputs"),
    (f"{N}.scales.demo.budget", "x", f"{N}.scales.demo.budget: 'x' is not in budgets"),
    (f"{N}.scales.demo.sites.utsw", "x", f"{N}.scales.demo.sites: 'x' is not in sites"),
    (f"{N}.scales.demo.networks", {"x": "nguyen-cnn"}, f"{N}.scales.demo.networks: 'x' is not in"),
    (f"{N}.arms.utsw.sites", ["x"], f"{N}.arms.utsw.sites: 'x' is not in {N}.scales.*.sites"),
    (f"{N}.arms.utsw.sites", [], f"{N}.arms.utsw.sites"),
    (f"{N}.arms.utsw.method", "x", f"{N}.arms.utsw.method: 'x' is not in methods; there are con"),
    (f"{N}.arms.utsw.network", "x", f"{N}.arms.utsw.network: 'x' is not in networks"),
    (f"{N}.averages_without", ["x"], f"{N}.averages_without: 'x' is not in"),
    (
        "studies.contrastive.explain.arms",
        ["x"],
        "explain.arms: 'x' is not in studies.contrastive.arms",
    ),
    ("studies.contrastive.explain.arms", [], "studies.contrastive.explain.arms"),
    ("studies.contrastive.explain.scans", 0, "studies.contrastive.explain.scans"),
    ("sites.utsw-synthetic.synthetic", False, "phantoms.utsw-synthetic: sites.utsw-synthetic is"),
]


@pytest.mark.parametrize(("key", "value", "said"), WRONG, ids=[f"{w[0]}={w[1]}" for w in WRONG])
def test_an_error_names_the_key(key: str, value: Any, said: str, values: dict[str, Any]) -> None:
    with pytest.raises(tables.ParamsError) as raised:
        tables.parse(_put(values, key, value))
    assert said in str(raised.value)


def test_every_wrong_key_is_named_at_once(values: dict[str, Any]) -> None:
    wrong = _put(_put(values, "sites.utsw.privacy", 1), f"{N}.scales.demo.seeds", [])
    with pytest.raises(tables.ParamsError) as raised:
        tables.parse(wrong)
    assert "sites.utsw.privacy" in str(raised.value)
    assert f"{N}.scales.demo.seeds" in str(raised.value)


def test_rows_cannot_be_changed(params: tables.Params) -> None:
    with pytest.raises(ValueError, match="frozen"):
        params.sites["utsw"].title = "other"  # type: ignore[misc]


def test_a_key_is_found_in_plain_values_and_in_tables(values: dict[str, Any]) -> None:
    values["budgets"]["nguyen-demo"]["training"]["learning_rate"] = 0.0625
    key = "budgets.nguyen-demo.training.learning_rate"
    assert tables.at_key(values, key) == tables.at_key(tables.parse(values), key) == 0.0625


@pytest.mark.parametrize("key", ["sites.nowhere", "sites.utsw.title.x.y", "nothing"])
def test_a_key_that_is_not_there_is_named(key: str, values: dict[str, Any]) -> None:
    for table in (values, tables.parse(values)):
        with pytest.raises(tables.ParamsError, match=f"nothing at '{key}'"):
            tables.at_key(table, key)


ARMS = "studies.contrastive.arms"


@pytest.mark.parametrize(
    ("arm", "words"),
    [
        ({"method": "sepnorm"}, "unseen: is missing, but method 'sepnorm' gives every site"),
        ({"unseen": "mean"}, "change nothing with method 'erm'"),
        ({"anonymous": True}, "change nothing with method 'erm'"),
        ({"models_of": "nobody"}, "'nobody' is not in arms"),
        ({"models_of": "contrastive"}, "method: is not that of contrastive"),
        ({"models_of": "single-a"}, "sites: is not that of single-a"),
        ({"unseen": "median"}, "unseen"),
        ({"selection": "train"}, "selection"),
    ],
)
def test_an_arm_that_makes_no_sense_is_refused(
    values: dict[str, Any], arm: dict[str, Any], words: str
) -> None:
    known = {"sites": ["site-a", "site-b"], "method": "erm", "network": "covidnet-redesign"}
    with pytest.raises(tables.ParamsError) as raised:
        tables.parse(_put(values, f"{ARMS}.new", known | arm))
    assert f"{ARMS}.new" in str(raised.value)
    assert words in str(raised.value)


def test_models_are_taken_from_an_arm_that_has_some(values: dict[str, Any]) -> None:
    chain = _put(values, f"{ARMS}.joint.models_of", "first")
    first = chain["studies"]["contrastive"]["arms"]["joint"] | {"models_of": "joint"}
    with pytest.raises(tables.ParamsError, match="has no models of its own"):
        tables.parse(_put(chain, f"{ARMS}.first", first))


C = "studies.contrastive"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("comparisons", [{"arm": "x", "against": ["joint"]}], f"{C}.comparisons.0.arm: 'x' is"),
        ("comparisons", [{"arm": "joint", "against": ["x"]}], f"{C}.comparisons.0.against: 'x'"),
        ("comparisons", [{"arm": "joint", "against": []}], f"{C}.comparisons.0.against"),
        ("comparisons", [{"arm": "joint", "against": ["joint"]}], "would be its own rival"),
        ("comparisons", [{"arm": "joint", "against": ["sepnorm"] * 2}], "two arms twice"),
        ("roc_panels", {"a": ["x"]}, f"{C}.roc_panels.a: 'x' is not in {C}.arms"),
        ("roc_panels", {"a": []}, f"{C}.roc_panels.a"),
        ("roc_panels", {"a": ["joint"] * 9}, f"{C}.roc_panels.a"),
    ],
)
def test_only_arms_of_the_study_are_compared(
    values: dict[str, Any], key: str, value: Any, said: str
) -> None:
    with pytest.raises(tables.ParamsError) as raised:
        tables.parse(_put(values, f"{C}.{key}", value))
    assert said in str(raised.value)


HEART = {"title": "Cardiomegaly", "uncertain": "negative"}
FINDINGS = {"labels": {"cardiomegaly": HEART}, "blank": "negative", "views": ["PA"]}
REVIEW = {
    "finding": "cardiomegaly",
    "arms": ["joint", "sepnorm"],
    "site": "site-b",
    "images": 4,
    "seed": 0,
}


def _of_findings(values: dict[str, Any]) -> dict[str, Any]:
    """Make a study of findings of one whose scans have a label each."""
    changed = _put(values, f"{C}.findings", FINDINGS)
    study = changed["studies"]["contrastive"]
    study["arms"] = {name: study["arms"][name] for name in ("joint", "sepnorm")}
    for key in ("explain", "comparisons", "roc_panels"):
        del study[key]
    sites = {"site-a": "chexpert-synthetic", "site-b": "chestxray14-synthetic"}
    study["scales"] = {"demo": {**study["scales"]["demo"], "sites": sites}}
    return changed


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"finding": "edema"}, "review.finding: 'edema' is not in studies.contrastive.findings."),
        ({"arms": ["x"]}, f"review.arms: 'x' is not in {C}.arms"),
        ({"arms": []}, f"{C}.review.arms"),
        ({"arms": ["joint", "joint"]}, "review.arms: names an arm twice"),
        ({"site": "mimic"}, f"review.site: 'mimic' is not in {C}.scales.*.sites"),
        ({"images": 0}, f"{C}.review.images"),
        ({"views": ["oblique"]}, f"{C}.review.views"),
        ({"enlarged_from": 0.4}, f"{C}.review.enlarged_from"),
    ],
)
def test_a_review_names_what_the_study_has(
    values: dict[str, Any], change: dict[str, Any], said: str
) -> None:
    values = _of_findings(values)
    tables.parse(_put(values, f"{C}.review", REVIEW))
    with pytest.raises(tables.ParamsError) as raised:
        tables.parse(_put(values, f"{C}.review", REVIEW | change))
    assert said in str(raised.value)


def test_a_study_without_findings_has_none_to_review(values: dict[str, Any]) -> None:
    with pytest.raises(tables.ParamsError, match=r"is not in .*findings\.labels; there are none"):
        tables.parse(_put(values, f"{C}.review", REVIEW))


def test_subgroups_are_of_a_finding_of_the_study(values: dict[str, Any]) -> None:
    values = _of_findings(values)
    row = {"finding": "cardiomegaly", "device": "support_devices"}
    study = tables.parse(_put(values, f"{C}.subgroups", row)).studies["contrastive"]
    assert study.subgroups is not None
    assert study.subgroups.blank == "unknown", "absence is nothing that is taken for granted"
    with pytest.raises(tables.ParamsError, match=r"subgroups\.finding: 'edema' is not in"):
        tables.parse(_put(values, f"{C}.subgroups", row | {"finding": "edema"}))
