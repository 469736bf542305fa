from typing import Annotated

import numpy as np
from pydantic import TypeAdapter

from elsewhere.design.kinds import Of
from elsewhere.design.phantom_rows import PhantomRow
from elsewhere.phantom import cohort, scanner

parse = TypeAdapter(Annotated[PhantomRow, Of("phantoms")]).validate_python


def test_two_scans_of_a_patient_show_one_anatomy_in_other_noise(row):
    site = parse(row("covid_ctset", reduced=0.0))
    patient = cohort.draw(site)[0]
    first, second = (scanner.volume(patient, site, number=at) for at in (0, 2))
    assert not np.array_equal(first.hu, second.hu)
    height = first.grid.shape[0] * first.grid.spacing_mm[0]
    assert abs(height - second.grid.shape[0] * second.grid.spacing_mm[0]) < 12


def test_a_scan_is_the_same_each_time(row):
    site = parse(row("mosmed"))
    patient = cohort.draw(site)[1]
    once, again = (scanner.volume(patient, site, number=0) for _ in range(2))
    assert np.array_equal(once.hu, again.hu)


def test_gaps_between_slices_follow_the_spacing_factor(row):
    site = parse(row("mosmed", spacing_factor=2.0))
    scan = scanner.volume(cohort.draw(site)[0], site, number=0)
    assert scan.grid.spacing_mm[0] == 24.0


def test_some_scans_have_the_reduced_matrix(row):
    site = parse(row("mosmed", reduced=0.5))
    sizes = {scanner.volume(one, site, number=0).hu.shape[1:] for one in cohort.draw(site)}
    assert sizes == {(48, 48), (32, 32)}


def test_the_image_of_a_positive_shows_a_lesion(row):
    site = parse(row("covid_ct"))
    for patient in cohort.draw(site):
        exposure = scanner.image(patient, site, number=0)
        assert exposure.hu.shape[0] == 1
        assert all(40 <= side <= 60 for side in exposure.hu.shape[1:])
        if patient.label:
            assert exposure.diseased.all()
