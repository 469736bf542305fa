from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from elsewhere.design.kinds import Of
from elsewhere.design.phantom_rows import PhantomRow

parse = TypeAdapter(Annotated[PhantomRow, Of("phantoms")]).validate_python


@pytest.mark.parametrize("kind", ["chexpert", "chestxray14", "mimic_cxr_jpg"])
def test_each_of_the_five_findings_needs_a_row(row, kind):
    wrong = row(kind)
    del wrong["findings"]["Edema"]
    with pytest.raises(ValidationError, match=r"(?s)findings.*no row for Edema"):
        parse(wrong)


def test_a_list_of_findings_has_no_place_for_uncertainty(row):
    wrong = row("chestxray14")
    wrong["findings"]["Edema"]["uncertain"] = 0.1
    with pytest.raises(ValidationError, match=r"findings\.Edema\.uncertain"):
        parse(wrong)


def test_a_frontal_data_set_has_no_lateral_views(row):
    with pytest.raises(ValidationError, match="lateral"):
        parse(row("chestxray14", lateral=0.5))


@pytest.mark.parametrize("key", ["field_of_view_mm", "rows_px", "gamma"])
def test_a_range_must_be_in_order(row, key):
    wrong = row("chexpert")
    wrong["radiography"][key] = [9, 8]
    with pytest.raises(ValidationError, match=rf"(?s)radiography\.{key}.*low, high"):
        parse(wrong)


def test_what_a_report_says_of_a_finding_cannot_exceed_all(row):
    wrong = row("mimic_cxr_jpg")
    wrong["findings"]["Edema"] |= {"uncertain": 0.7, "missed": 0.4}
    with pytest.raises(ValidationError, match=r"uncertain \+ missed"):
        parse(wrong)
    wrong["findings"]["Edema"] |= {"uncertain": 0.1, "suspected": 0.7, "denied": 0.4}
    with pytest.raises(ValidationError, match=r"suspected \+ denied"):
        parse(wrong)


def test_some_patients_must_be_left_for_training(row):
    with pytest.raises(ValidationError, match="validation_patients"):
        parse(row("chexpert", patients=3, validation_patients=3))
    with pytest.raises(ValidationError, match=r"validation \+ test"):
        parse(row("mimic_cxr_jpg", validation=0.5, test=0.6))
