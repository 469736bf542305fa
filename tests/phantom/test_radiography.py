import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from elsewhere.design.radiograph_phantom_rows import Radiography
from elsewhere.phantom import radiography
from elsewhere.phantom.radiograph_cohort import Patient, Study

ROW = Radiography(
    portable=0.5,
    rows_px=(90, 100),
    columns_px=(110, 120),
    field_of_view_mm=(400, 400),
    quanta=(1e5, 1e5),
    scatter=(0, 0),
    blur_mm=(1, 1),
    gamma=(1, 1),
    equalised=0.0,
    collimated=0.0,
    marker="L",
)


def taken(*findings, portable=False, lateral=False, device=False, number=1):
    patient = Patient(number, "M", 60, device, (), (3, number))
    study = Study(1, frozenset(findings), portable)
    return radiography.take(patient, study, ROW, lateral=lateral)


def test_upright_is_pa_with_or_without_lateral_and_at_the_bedside_ap():
    assert [one.view for one in taken()] == ["PA"]
    assert [one.view for one in taken(lateral=True)] == ["PA", "LATERAL"]
    assert [one.view for one in taken(portable=True, lateral=True)] == ["AP"]


def test_a_radiograph_has_the_size_of_its_row():
    for number in range(1, 4):
        (one,) = taken(number=number)
        assert one.grey.dtype == np.uint8
        rows, columns = one.grey.shape
        assert 90 <= rows <= 100
        assert 110 <= columns <= 120
        assert one.pixel_mm == pytest.approx(400 / columns)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_lungs_are_dark_and_heart_spine_and_abdomen_bright(number):
    (one,) = taken(number=number)
    rows, columns = one.grey.shape
    grey = gaussian_filter(one.grey.astype(float), 2)

    def at(up_mm, left_mm):
        return grey[
            round(rows / 2 - up_mm / one.pixel_mm), round(columns / 2 + left_mm / one.pixel_mm)
        ]

    lungs = [at(20, -80), at(20, 80), at(50, -75), at(50, 75)]
    assert max(lungs) < 110
    assert at(0, 0) > 200, "mediastinum"
    assert at(-35, 35) > max(lungs) + 40, "heart"
    assert at(-130, -70) > max(lungs) + 80, "liver"


def test_ribs_are_seen_across_the_lungs():
    (one,) = taken(number=2)
    rows, columns = one.grey.shape
    middle, aside = rows // 2, columns // 2 - round(95 / one.pixel_mm)
    line = one.grey[middle - 25 : middle + 15, aside - 2 : aside + 3].mean(axis=1)
    wave = line - gaussian_filter(line, 6)
    spectrum = np.abs(np.fft.rfft(wave))
    period = len(wave) * one.pixel_mm / spectrum.argmax()
    assert 20 < period < 35, "mm from rib to rib"


@pytest.mark.parametrize("number", range(1, 5))
def test_a_large_heart_is_large_whatever_else_is_there(number):
    for others in ((), ("Edema", "Pleural Effusion")):
        assert taken(*others, number=number)[0].ctr < 0.5
        assert taken("Cardiomegaly", *others, number=number)[0].ctr > 0.5


def test_the_same_study_gives_the_same_image_and_another_patient_another():
    first = taken("Edema", lateral=True)
    again = taken("Edema", lateral=True)
    assert all((a.grey == b.grey).all() for a, b in zip(first, again, strict=True))
    other = taken("Edema", number=2)[0].grey
    assert other.shape != first[0].grey.shape or (other != first[0].grey).any()


def test_a_lateral_view_leaves_the_frontal_one_as_it_was():
    assert (taken()[0].grey == taken(lateral=True)[0].grey).all()


@pytest.mark.parametrize("number", range(1, 4))
def test_a_pacemaker_is_a_bright_box_below_the_left_clavicle(number):
    without, with_device = (taken(number=number, device=device)[0] for device in (False, True))
    change = with_device.grey.astype(float) - without.grey
    row, column = np.unravel_index(gaussian_filter(change, 3).argmax(), change.shape)
    assert row < 0.45 * change.shape[0]
    assert column > 0.55 * change.shape[1], "the patient's left"
    assert with_device.grey[row, column] > 180
    assert change[row - 2 : row + 3, column - 2 : column + 3].mean() > 60
