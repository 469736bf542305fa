from pathlib import Path
from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from elsewhere.design import params
from elsewhere.design.kinds import Of
from elsewhere.design.phantom_rows import PhantomRow

parse = TypeAdapter(Annotated[PhantomRow, Of("phantoms")]).validate_python


def test_an_unknown_key_is_refused_and_named(row):
    with pytest.raises(ValidationError, match="colour"):
        parse(row("mosmed", colour="red"))


def test_a_range_must_be_in_order(row):
    wrong = row("mosmed")
    wrong["acquisition_positive"]["inspiration"] = [0.9, 0.1]
    with pytest.raises(ValidationError, match="low, high"):
        parse(wrong)


@pytest.mark.parametrize("kind", ["cc_ccii", "sars_cov_2_ct", "covid_ct"])
def test_eight_bit_sites_need_a_window(row, kind):
    wrong = row(kind)
    del wrong["acquisition_negative"]["window_hu"]
    with pytest.raises(ValidationError, match="window_hu is missing"):
        parse(wrong)


def test_every_row_of_the_project_is_valid_and_in_the_layout_of_its_site():
    table = params.load(Path(__file__).parents[1] / "params")
    assert table.phantoms
    for site, values in table.phantoms.items():
        assert values.kind == table.sites[site].layout


@pytest.mark.parametrize("changes", [{"label": 2}, {"word": "healthy"}, {"severity": "II"}])
def test_classes_and_words_of_the_user_need_a_layout_that_reads_them(row, changes):
    wrong = row("mosmed")
    wrong["categories"]["CT-2"] |= changes
    with pytest.raises(ValidationError, match="CT-2: this layout has the labels 0 and 1"):
        parse(wrong)
    right = row("dicom_series")
    right["categories"]["ill"] |= changes
    parse(right)
