"""Evidence of a figure is a picture that the figure on the shelf writes, and no other."""

import fnmatch
from pathlib import Path
from types import SimpleNamespace

import pytest

from elsewhere.design import kinds
from elsewhere.design.figure_rows import figure_row
from elsewhere.evidence import checklist
from elsewhere.evidence.figure_facts import DRAWN, SUBJECTS, patterns

SHELF = kinds.names("figures")
# What guidelines ask for: each is a figure of its own.
ASKED_FOR = {
    *("calibration", "decision_curve", "groups", "subgroups", "new_site", "missing", "auc_width"),
    *("why_fell", "probabilities", "transport", "predictive_values"),
}
ITEMS = {  # topic: a subject that items on it must name, whatever the checklist
    "Sample size": "width",
    "Missing data": "excluded",
    "Intended sample size": "width",
}


class Folder(SimpleNamespace):
    """A study of which only the figures are known."""

    def figures(self, *wanted):
        return sorted({path for pattern in wanted for path in self.home.glob(pattern)})


@pytest.mark.parametrize("subject", DRAWN)
def test_every_named_figure_is_on_the_shelf(subject):
    assert {*DRAWN[subject].figures} <= {*SHELF}


def test_what_guidelines_ask_for_is_evidence():
    assert {figure for of in DRAWN.values() for figure in of.figures} >= ASKED_FOR


@pytest.mark.parametrize("subject", DRAWN)
def test_one_picture_of_a_figure_is_enough_and_none_is_no_fact(subject, tmp_path: Path):
    study = Folder(home=tmp_path)
    assert SUBJECTS[subject].of(study) is None
    picture = next(iter(figure_row(DRAWN[subject].figures[-1]).captions))
    (tmp_path / f"{picture}_of_one_finding.png").touch()
    found = SUBJECTS[subject].of(study)
    assert [path.name for path in found.files] == [f"{picture}_of_one_finding.png"]


@pytest.mark.parametrize("figure", sorted(ASKED_FOR))
def test_no_picture_of_another_figure_counts(figure):
    others = [p for name in SHELF if name != figure for p in figure_row(name).captions]
    for pattern in patterns(figure):
        assert not [p for p in others if fnmatch.fnmatch(f"{p}.png", pattern)], pattern


@pytest.mark.parametrize("name", checklist.NAMES)
def test_items_on_these_topics_refer_to_their_figures(name):
    applies = [i for i in checklist.read(name).items if i.topic in ITEMS]
    assert applies
    for item in applies:
        if item.applies != "D" or ITEMS[item.topic] != "width":
            assert ITEMS[item.topic] in item.evidence, item.id


@pytest.mark.parametrize(
    ("name", "item", "subjects"),
    [
        ("tripod_ai", "12d", {"new_site"}),
        ("tripod_ai", "12e", {"calibration", "utility"}),
        ("tripod_ai", "23a", {"subgroups"}),
        ("tripod_ai", "23b", {"new_site", "why_fell"}),
        ("probast_ai", "E4.7", {"calibration", "utility"}),
        ("claim_2024", "37", {"calibration", "utility", "subgroups"}),
        ("stard_ai", "21", {"new_site", "subgroups"}),
    ],
)
def test_performance_items_name_calibration_net_benefit_subgroups_and_heterogeneity(
    name, item, subjects
):
    (found,) = [one for one in checklist.read(name).items if str(one.id) == item]
    assert subjects <= {*found.evidence}
