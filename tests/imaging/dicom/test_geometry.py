from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.imaging.dicom import geometry, recognise
from elsewhere.imaging.volume import Unusable


def always(answer):
    return lambda one, other: answer


def heights(lattice):
    return [one.position_mm[2] for one in lattice.slices]


def leaning(slice_at, degrees, *, count=10, **changes):
    """Planes of a tilted gantry over a table that moves along z."""
    angle = np.radians(degrees)
    plane = (1.0, 0.0, 0.0, 0.0, float(np.cos(angle)), float(np.sin(angle)))
    return [
        slice_at((-10, -20, 2.5 * z), f"s{z}", orientation=plane, **changes) for z in range(count)
    ]


@given(st.permutations(range(7)), st.permutations(range(7)))
def test_order_comes_from_the_position_alone(slice_at, strict, order, names):
    """InstanceNumber is not even read; names and UIDs are shuffled."""
    slices = [slice_at((0, 0, 2.5 * z), f"{names[z]}") for z in range(7)]
    found = geometry.lattice_of([slices[index] for index in order], strict)
    assert heights(found) == [2.5 * z for z in range(7)]
    assert found.spacing_mm == (2.5, 0.7, 0.8)
    assert found.origin_mm == (0, 0, 0)
    assert (found.repairs, found.dropped, found.warnings) == ((), (), ())


@pytest.mark.parametrize("degrees", [0, 20, -25])
def test_order_and_spacing_agree_with_gdcm(
    tmp_path, write_dicom, thorax, series_of, strict, degrees
):
    """A reformat whose slices lie along their own normal."""
    angle = np.radians(degrees)
    plane = (1.0, 0.0, 0.0, 0.0, float(np.cos(angle)), float(np.sin(angle)))
    write_dicom(tmp_path, thorax(), series_of(orientation=plane, spacing_mm=(3.0, 0.7, 0.8)))
    found = geometry.lattice_of(recognise.sort(tmp_path).slices, strict)
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path))
    assert [str(one.header.path) for one in found.slices] == list(names)
    oracle = sitk.ReadImage(names)
    np.testing.assert_allclose(found.spacing_mm, oracle.GetSpacing()[::-1], atol=1e-3)
    np.testing.assert_allclose(found.origin_mm, oracle.GetOrigin(), atol=1e-3)
    np.testing.assert_allclose(found.normal, oracle.GetDirection()[2::3], atol=1e-6)


def test_positions_rounded_to_a_tenth_are_even(stack, strict):
    found = geometry.lattice_of(stack(np.round(np.arange(200) * 0.625, 1)), strict)
    assert found.spacing_mm[0] == pytest.approx(0.625, abs=0.001)
    assert found.repairs == ()


def test_a_tiny_error_is_no_gap(stack, strict):
    """ITK once warned of a non-uniform sampling of 2.8e-15 mm."""
    assert geometry.lattice_of(stack(np.arange(9) * 0.3 + 2.8e-15 * np.arange(9)), strict)


def test_a_missing_slice(stack, strict, mend):
    slices = stack(2.5 * np.array([0, 1, 2, 4, 5, 6]))
    with pytest.raises(Unusable, match=r"gap: 1 steps up to 5\.00 mm among steps of 2\.50 mm"):
        geometry.lattice_of(slices, strict)
    found = geometry.lattice_of(slices, mend)
    assert found.spacing_mm[0] == pytest.approx(2.5)
    (repair,) = found.repairs
    assert repair.code == "interpolated"
    assert repair.planes == (0, 1, 2, 2.5, 3, 4, 5)


def test_two_missing_neighbours_stay_a_gap(stack, mend):
    with pytest.raises(Unusable, match="gap"):
        geometry.lattice_of(stack(2.5 * np.array([0, 1, 2, 5, 6, 7])), mend)


@pytest.mark.parametrize(("answer", "kept"), [(True, 3), (False, None), (None, None)])
@pytest.mark.parametrize("policy", ["strict", "mend"])
def test_two_slices_at_one_place(stack, request, answer, kept, policy):
    rules = request.getfixturevalue(policy)
    slices = stack([0, 1, 2]) + stack([1.004], prefix="t")
    if kept is None:
        with pytest.raises(Unusable, match="duplicate_position: 1 slices lie where another"):
            geometry.lattice_of(slices, rules, same=always(answer))
        return
    found = geometry.lattice_of(slices, rules, same=always(answer))
    assert len(found.slices) == kept
    assert [(one.header.instance, reason) for one, reason in found.dropped] == [
        ("t000", "identical_copy")
    ]
    assert found.warnings == ("identical_copy",)


def test_three_copies_count_once_and_one_other_refuses(stack, strict):
    copies = stack([0, 0, 0, 1])
    assert len(geometry.lattice_of(copies, strict, same=always(True)).dropped) == 2
    with pytest.raises(Unusable, match="duplicate_position"):
        geometry.lattice_of(copies, strict, same=lambda one, two: two.header.instance != "s002")


def test_copies_on_disk_are_compared_by_their_pixels(tmp_path, write_dicom, thorax, strict):
    files = write_dicom(tmp_path, thorax())
    again = tmp_path / "again"
    again.write_bytes(files[0].read_bytes())
    slices = recognise.sort(tmp_path).slices
    assert len(geometry.lattice_of(slices, strict).slices) == len(files)
    again.write_bytes(files[0].read_bytes()[:-2] + b"\x01\x02")
    with pytest.raises(Unusable, match="duplicate_position"):
        geometry.lattice_of(recognise.sort(tmp_path).slices, strict)


def test_uneven_spacing(stack, strict, mend):
    slices = stack([0, 2.5, 5.0, 8.0, 10.0, 12.5, 15.0])
    with pytest.raises(Unusable, match=r"uneven_spacing: steps from 2\.00 to 3\.00 mm"):
        geometry.lattice_of(slices, strict)
    found = geometry.lattice_of(slices, mend)
    (repair,) = found.repairs
    assert (repair.code, found.spacing_mm[0]) == ("resampled", 2.5)
    where = np.interp(repair.planes, range(7), [one.position_mm[2] for one in found.slices])
    np.testing.assert_allclose(where, 2.5 * np.arange(7), atol=1e-9)


def test_steps_that_drift_are_not_even(stack, strict):
    """Neighbours differ by little, and half way the volume is off by 5 mm."""
    steps = np.repeat([1.0, 1.15], 70)
    with pytest.raises(Unusable, match="uneven_spacing"):
        geometry.lattice_of(stack(np.cumsum(steps)), strict)


def test_wild_spacing_is_not_repaired(stack, mend):
    with pytest.raises(Unusable, match=r"uneven_spacing|gap"):
        geometry.lattice_of(stack([0, 1, 2.4, 2.9, 5, 6]), mend)


def test_a_tilted_gantry(slice_at, strict, mend):
    slices = leaning(slice_at, 15, tilt_degrees=15.0)
    with pytest.raises(Unusable, match=r"gantry_tilt: the stack leans by 15\.0 degrees"):
        geometry.lattice_of(slices, strict)
    found = geometry.lattice_of(slices, mend)
    (repair,) = found.repairs
    assert repair.code == "sheared"
    # closed form: the table moves 2.5 mm, cos of it along the normal and sin of it in the plane
    assert found.spacing_mm[0] == pytest.approx(2.5 * np.cos(np.radians(15)))
    rows, columns = np.array(repair.shifts).T
    np.testing.assert_allclose(np.diff(rows), 2.5 * np.sin(np.radians(15)) / 0.7)
    np.testing.assert_allclose(columns, 0, atol=1e-9)
    middle = found.origin_mm + found.normal * found.spacing_mm[0] * 4.5
    np.testing.assert_allclose(middle, (-10, -20, 2.5 * 4.5), atol=1e-9)


def test_less_than_the_tolerance_is_no_tilt(slice_at, strict):
    assert geometry.lattice_of(leaning(slice_at, 0.4), strict).repairs == ()


def test_a_stack_that_leans_too_far_is_not_repaired(slice_at, mend):
    with pytest.raises(Unusable, match="gantry_tilt"):
        geometry.lattice_of(leaning(slice_at, 25, count=40), mend)


@pytest.mark.parametrize("policy", ["strict", "mend"])
def test_a_stated_tilt_that_the_geometry_does_not_show(stack, request, policy):
    rules = request.getfixturevalue(policy)
    with pytest.raises(Unusable, match="gantry_tilt: the header states a tilt"):
        geometry.lattice_of(stack(range(5), tilt_degrees=12.0), rules)
    derived = stack(range(5), tilt_degrees=12.0, image_type=("DERIVED", "SECONDARY"))
    assert geometry.lattice_of(derived, rules)


@pytest.mark.parametrize("policy", ["strict", "mend"])
def test_a_crooked_stack(slice_at, request, policy):
    slices = [slice_at((0, 3.0 * (z == 4), z), f"s{z}") for z in range(9)]
    with pytest.raises(Unusable, match=r"crooked: .* beside a straight line"):
        geometry.lattice_of(slices, request.getfixturevalue(policy))


CHANGES = {
    "mixed_geometry": {"pixel_spacing_mm": (0.5, 0.5)},
    "not_ct": {"modality": "MR"},
}


@pytest.mark.parametrize(("reason", "change"), CHANGES.items())
def test_one_odd_slice_spoils_a_volume(stack, strict, reason, change):
    odd = stack([3], prefix="odd", **change)
    with pytest.raises(Unusable, match=reason):
        geometry.lattice_of(stack([0, 1, 2]) + odd, strict)


def test_other_matrix_or_orientation_is_mixed_geometry(stack, strict):
    slices = stack([0, 1, 2])
    wide = replace(slices[2].header.stored, columns=81)
    other = replace(slices[2], header=replace(slices[2].header, stored=wide))
    turned = replace(slices[2], orientation=(0.0, 1.0, 0.0, -1.0, 0.0, 0.0))
    for odd in (other, turned):
        with pytest.raises(Unusable, match="mixed_geometry"):
            geometry.lattice_of([*slices[:2], odd], strict)


NOWHERE = [
    {"orientation": None},
    {"pixel_spacing_mm": None},
    {"pixel_spacing_mm": (0.0, 0.7)},
    {"orientation": (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)},
    {"orientation": (0.0,) * 6},
]


@pytest.mark.parametrize("change", NOWHERE, ids=str)
def test_a_slice_that_does_not_say_where_it_lies(stack, strict, mend, change):
    slices = stack([0, 1, 2]) + stack([3], prefix="lost", **change)
    with pytest.raises(Unusable, match="no_geometry: 1 of 4 slices"):
        geometry.lattice_of(slices, strict)
    found = geometry.lattice_of(slices, mend)
    assert [(one.header.instance, reason) for one, reason in found.dropped] == [
        ("lost000", "no_geometry")
    ]
    assert found.warnings == ("no_geometry",)
    with pytest.raises(Unusable, match="no_geometry"):
        geometry.lattice_of(stack([0, 1], **change), mend)


def test_a_missing_position(slice_at, stack, strict):
    with pytest.raises(Unusable, match="no_geometry"):
        geometry.lattice_of([*stack([0, 1, 2]), slice_at(None, "lost")], strict)


def test_other_planes_and_single_slices_are_no_volume(stack, strict):
    coronal = stack([0, 1, 2], orientation=(1.0, 0.0, 0.0, 0.0, 0.0, -1.0))
    with pytest.raises(Unusable, match="not_axial"):
        geometry.lattice_of(coronal, strict)
    with pytest.raises(Unusable, match="single_slice"):
        geometry.lattice_of(stack([0]), strict)
    with pytest.raises(Unusable, match="single_slice"):
        geometry.lattice_of(stack([0, 0]), strict, same=always(True))


@given(st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 3), min_size=1, max_size=6))
def test_any_positions_end_in_a_lattice_or_a_reason(slice_at, mend, positions):
    slices = [slice_at(position, f"s{index}") for index, position in enumerate(positions)]
    try:
        found = geometry.lattice_of(slices, mend, same=always(True))
    except Unusable:
        return
    assert found.spacing_mm[0] > 0
    assert np.isfinite(found.origin_mm).all()
