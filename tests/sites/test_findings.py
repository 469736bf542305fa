import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.sites import findings

# of the study chestxray
STUDY_LABELS = ("cardiomegaly", "edema", "consolidation", "atelectasis", "pleural_effusion")

some_findings = st.dictionaries(
    st.sampled_from(findings.NAMES), st.sampled_from(findings.STATES), max_size=6
)


def test_the_study_has_five_findings_that_all_three_sites_annotate():
    """B-05."""
    for labels in (findings.CHEXPERT_LABELS, findings.CHESTXRAY14_LABELS):
        assert {*STUDY_LABELS} < {*labels.values()}
    assert len(findings.CHEXPERT_LABELS) == 14
    assert len(findings.CHESTXRAY14_LABELS) == 15  # 14 and "No Finding"


def test_the_same_finding_has_one_name_at_every_site():
    assert findings.CHESTXRAY14_LABELS["Effusion"] == "pleural_effusion"
    assert findings.CHEXPERT_LABELS["Pleural Effusion"] == "pleural_effusion"
    shared = {*findings.CHEXPERT_LABELS.values()} & {*findings.CHESTXRAY14_LABELS.values()}
    assert shared == {*STUDY_LABELS, "no_finding", "pneumonia", "pneumothorax"}


def test_the_text_is_sorted_whatever_the_order():
    text = "atelectasis=blank;edema=uncertain;pleural_effusion=positive"
    known = {"pleural_effusion": "positive", "edema": "uncertain", "atelectasis": "blank"}
    assert findings.written(known) == text
    assert findings.read(text) == known


@given(some_findings)
def test_what_is_written_is_read_again(known):
    assert findings.read(findings.written(known)) == known


def test_not_annotated_is_neither_negative_nor_blank():
    known = findings.read("edema=negative;mass=blank")
    assert known["edema"] == "negative"
    assert known["mass"] == "blank"
    assert "hernia" not in known
    assert findings.read("") == {}


@pytest.mark.parametrize(
    "text",
    [
        "edema",
        "edema=maybe",
        "Edema=positive",
        "edema=positive;",
        "edema=positive;atelectasis=blank",
        "edema=positive;edema=positive",
        "edema=positive;edema=negative",
        " edema=positive",
    ],
)
def test_a_text_that_was_not_written_here_is_quoted(text):
    with pytest.raises(findings.FindingsError) as error:
        findings.read(text)
    assert f"'{text}'" in str(error.value)
    assert "positive, negative, uncertain, blank" in str(error.value)


def test_an_unknown_name_is_not_written():
    with pytest.raises(findings.FindingsError, match="'Edema=positive'"):
        findings.written({"Edema": "positive"})


def test_a_hospital_may_have_findings_of_its_own():
    """What no published vocabulary has is known where a manifest has it, and a typo nowhere."""
    own = findings.written({"my_finding": "positive", "edema": "blank"})
    assert findings.read(own) == {"edema": "blank", "my_finding": "positive"}
    assert findings.known([own, ""]) == {*findings.NAMES, "my_finding"}
    assert "my_finding" not in findings.known([""])
