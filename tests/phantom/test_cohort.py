from typing import Annotated

import numpy as np
import pytest
from pydantic import TypeAdapter

from elsewhere.design.kinds import Of
from elsewhere.design.phantom_rows import PhantomRow
from elsewhere.phantom import cohort

parse = TypeAdapter(Annotated[PhantomRow, Of("phantoms")]).validate_python


def patients(row, confounding, seed=5):
    values = row("dicom_series", confounding=confounding, seed=seed)
    values["categories"]["ill"]["patients"] = 40
    values["categories"]["other"]["patients"] = 60
    return cohort.draw(parse(values))


def test_every_category_has_its_patients_numbered_without_regard_to_the_label(row):
    drawn = patients(row, 0.5)
    assert [one.number for one in drawn] == list(range(1, 101))
    assert sum(one.label for one in drawn) == 40
    labels = np.array([one.label for one in drawn])
    assert 12 <= labels[:50].sum() <= 28


@pytest.mark.parametrize(
    ("confounding", "share"), [(0.0, 0.5), (0.5, 0.75), (0.9, 0.95), (1.0, 1.0)]
)
def test_confounding_sets_how_many_follow_their_label(row, confounding, share):
    drawn = patients(row, confounding)
    for label in (0, 1):
        follows = [one.follows for one in drawn if one.label == label]
        assert np.mean(follows) == pytest.approx(share, abs=0.02)


def test_the_acquisition_is_that_of_the_label_for_those_who_follow(row):
    values = row("dicom_series")
    values["acquisition_positive"]["contrast"] = 1.0
    values["acquisition_negative"]["contrast"] = 0.0
    for one in cohort.draw(parse(values)):
        assert (one.acquisition.contrast == one.label) == one.follows


def test_the_same_row_draws_the_same_patients_and_another_seed_others(row):
    assert patients(row, 0.5) == patients(row, 0.5)
    assert patients(row, 0.5) != patients(row, 0.5, seed=6)


def test_age_and_sex_do_not_depend_on_the_label(row):
    drawn = patients(row, 1.0)
    ages = [[one.age for one in drawn if one.label == label] for label in (0, 1)]
    assert abs(np.mean(ages[0]) - np.mean(ages[1])) < 4 * 15 / np.sqrt(40)
    assert all(20 <= one.age <= 90 for one in drawn)
