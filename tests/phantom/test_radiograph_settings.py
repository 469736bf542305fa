import pytest

from elsewhere.design.params import ParamsError
from elsewhere.design.phantom_rows import parse


@pytest.mark.parametrize("kind", ["chexpert", "chestxray14", "mimic_cxr_jpg"])
def test_each_of_the_five_findings_needs_a_row(row, kind):
    wrong = row(kind)
    del wrong["findings"]["Edema"]
    with pytest.raises(ParamsError, match=r"phantoms\.tiny\.\w+\.findings.*no row for Edema"):
        parse("tiny", wrong)


def test_a_list_of_findings_has_no_place_for_uncertainty(row):
    wrong = row("chestxray14")
    wrong["findings"]["Edema"]["uncertain"] = 0.1
    with pytest.raises(ParamsError, match=r"findings\.Edema\.uncertain"):
        parse("tiny", wrong)


def test_a_frontal_data_set_has_no_lateral_views(row):
    with pytest.raises(ParamsError, match="lateral"):
        parse("tiny", row("chestxray14", lateral=0.5))


@pytest.mark.parametrize("key", ["field_of_view_mm", "rows_px", "gamma"])
def test_a_range_must_be_in_order(row, key):
    wrong = row("chexpert")
    wrong["radiography"][key] = [9, 8]
    with pytest.raises(ParamsError, match=rf"radiography\.{key}.*low, high"):
        parse("tiny", wrong)


def test_what_a_report_says_of_a_finding_cannot_exceed_all(row):
    wrong = row("mimic_cxr_jpg")
    wrong["findings"]["Edema"] |= {"uncertain": 0.7, "missed": 0.4}
    with pytest.raises(ParamsError, match=r"uncertain \+ missed"):
        parse("tiny", wrong)
    wrong["findings"]["Edema"] |= {"uncertain": 0.1, "suspected": 0.7, "denied": 0.4}
    with pytest.raises(ParamsError, match=r"suspected \+ denied"):
        parse("tiny", wrong)


def test_some_patients_must_be_left_for_training(row):
    with pytest.raises(ParamsError, match="validation_patients"):
        parse("tiny", row("chexpert", patients=3, validation_patients=3))
    with pytest.raises(ParamsError, match=r"validation \+ test"):
        parse("tiny", row("mimic_cxr_jpg", validation=0.5, test=0.6))
