from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.imaging.dicom import geometry, group
from elsewhere.imaging.dicom.header import Stored
from elsewhere.imaging.volume import Unusable


def heights(volume):
    return [one.position_mm[2] for one in volume]


def names(volumes):
    return [[one.header.instance for one in volume] for volume in volumes]


def test_series_are_kept_apart(stack, strict):
    slices = stack(range(4), series="1.1") + stack(range(5), series="1.2")
    assert [len(volume) for volume in group.volumes(slices, strict)] == [4, 5]


FORMATS = {
    "rows": 64,
    "columns": 64,
}
KEPT = {
    "bits_allocated": 8,
    "bits_stored": 16,
    "signed": True,
    "photometric": "MONOCHROME1",
}


@pytest.mark.parametrize(("name", "value"), [*FORMATS.items(), *KEPT.items()])
def test_pixel_formats_at_equal_positions_are_kept_apart(stack, strict, name, value):
    plain = stack(range(3))
    stored = replace(plain[0].header.stored, **{name: value})
    found = group.volumes(plain + stack(range(3), prefix="t", stored=stored), strict)
    assert sorted(names(found)) == [["s000", "s001", "s002"], ["t000", "t001", "t002"]]


@pytest.mark.parametrize(("name", "value"), KEPT.items())
@pytest.mark.parametrize("other", [[0], [11], [4], [4, 5, 6, 7], [0, 1, 2, 3], [8, 9, 10, 11]])
def test_how_the_pixels_of_a_slice_are_kept_splits_no_volume(stack, strict, name, value, other):
    """coronacases.org: BitsStored follows each slice's own maximum (dicom-numpy 15)."""
    slices = stack(range(12))
    stored = replace(slices[0].header.stored, **{name: value})
    mixed = [
        replace(one, header=replace(one.header, stored=stored)) if at in other else one
        for at, one in enumerate(slices)
    ]
    assert [len(volume) for volume in group.volumes(mixed, strict)] == [12]


STORED = Stored(
    *("1.2.840.10008.1.2.1", 100, 80, 1, 1, "MONOCHROME2", 16, 12, 11, False, 1000, 16000, None)
)
FRAGMENTS = {
    "a field of view that changes": {"pixel_spacing_mm": (0.5, 0.5)},
    "a matrix that changes": {"stored": replace(STORED, rows=64, columns=64)},
    "a gantry that tilts half way": {"orientation": (1.0, 0.0, 0.0, 0.0, 0.98, -0.199)},
}


@pytest.mark.parametrize("change", FRAGMENTS.values(), ids=FRAGMENTS)
@pytest.mark.parametrize("upper", [range(12, 24), range(22, 24), range(11, 24)], ids=len)
def test_pieces_of_one_chest_are_no_scans_of_their_own(stack, strict, change, upper):
    slices = stack(range(upper[0] if len(upper) < 13 else 12), "a") + stack(upper, "b", **change)
    (volume,) = group.volumes(slices, strict)
    with pytest.raises(Unusable, match="mixed_geometry"):
        geometry.lattice_of(volume, strict)


def test_a_second_look_at_a_part_of_a_chest_is_a_volume_of_its_own(stack, strict):
    whole = stack(range(20), "a")
    part = stack(range(5, 12), "b", pixel_spacing_mm=(0.4, 0.4))
    assert sorted(map(len, group.volumes(whole + part, strict))) == [7, 20]


def test_blocks_that_share_a_position_are_one_volume_or_refused(stack, strict):
    """Step and shoot; Slicer 4872: acquisition numbers differ within one volume."""
    blocks = [
        stack(range(7 * block, 7 * block + 8), f"{block}", acquisition=str(block))
        for block in range(4)
    ]
    (volume,) = group.volumes([one for block in blocks for one in block], strict)
    with pytest.raises(Unusable, match="duplicate_position"):
        geometry.lattice_of(volume, strict, same=lambda one, other: False)
    assert len(geometry.lattice_of(volume, strict, same=lambda one, other: True).slices) == 29


def test_a_middle_part_of_another_acquisition_splits_no_volume(stack, strict):
    slices = [
        one
        for number, heights in (("1", range(8)), ("2", range(8, 16)), ("1", range(16, 24)))
        for one in stack(heights, f"{number}{heights[0]}", acquisition=number)
    ]
    assert [len(volume) for volume in group.volumes(slices, strict)] == [24]


def test_planes_are_kept_apart(stack, strict):
    slices = stack(range(5))
    scout = stack([0], prefix="scout", orientation=(0.0, 1.0, 0.0, 0.0, 0.0, -1.0))
    rounded = stack([5], prefix="r", orientation=(0.9999, 0.0, 0.0, 0.0, 1.0, 0.0003))
    found = group.volumes(slices + scout + rounded, strict)
    assert sorted(map(len, found)) == [1, 6]


def test_fields_of_view_are_kept_apart(stack, strict):
    slices = stack(range(5)) + stack(range(5), prefix="t", pixel_spacing_mm=(0.5, 0.5))
    assert [len(volume) for volume in group.volumes(slices, strict)] == [5, 5]


APART = {
    "acquisition": ("1", "2"),
    "temporal": ("1", "2"),
    "kernel": ("B30", "B70"),
    "kvp": ("80", "140"),
    "acquired": ("101500", "101530"),
}


@pytest.mark.parametrize(("name", "values"), APART.items())
def test_equal_positions_are_told_apart(stack, strict, name, values):
    """innolitics/dicom-numpy PR 33: sorting by position alone interleaves two acquisitions."""
    one, two = (stack(range(5), prefix=value, **{name: value}) for value in values)
    mixed = [each for pair in zip(one, two, strict=True) for each in pair]
    found = group.volumes(mixed, strict)
    assert sorted(found, key=names_of) == sorted(map(tuple, (one, two)), key=names_of)
    for volume in found:
        assert geometry.lattice_of(volume, strict).spacing_mm[0] == 1


def names_of(volume):
    return volume[0].header.instance


@pytest.mark.parametrize("name", ["acquisition", "temporal", "kernel", "kvp"])
def test_alternating_positions_are_told_apart(stack, strict, name):
    """Two breaths, half a step apart: together they look like one thin volume."""
    one = stack([0, 2, 4, 6], prefix="a", **{name: "1"})
    two = stack([1, 3, 5, 7], prefix="b", **{name: "2"})
    found = group.volumes(one + two, strict)
    assert [heights(volume) for volume in found] == [[0, 2, 4, 6], [1, 3, 5, 7]]


def test_an_acquisition_a_rotation_is_one_volume(stack, strict):
    """Step and shoot: each rotation has its number, and they follow each other."""
    slices = [
        one
        for turn in range(4)
        for one in stack(range(4 * turn, 4 * turn + 4), f"{turn}", acquisition=str(turn))
    ]
    assert len(group.volumes(slices, strict)) == 1
    single = [one for z in range(9) for one in stack([z], f"{z}", acquisition=str(z))]
    assert len(group.volumes(single, strict)) == 1


def test_times_that_differ_a_slice_separate_nothing(stack, strict):
    slices = [one for z in range(9) for one in stack([z], f"{z}", acquired=f"{z:06d}")]
    assert len(group.volumes(slices, strict)) == 1


def test_passes_that_overlap_are_refused_and_no_scans_of_their_own(stack, strict):
    """A chest and an abdomen, or a chest in two passes: nothing says which."""
    chest = stack(range(10), prefix="c", acquisition="1")
    abdomen = stack(range(8, 20), prefix="d", acquisition="2")
    (volume,) = group.volumes(chest + abdomen, strict)
    with pytest.raises(Unusable, match="duplicate_position"):
        geometry.lattice_of(volume, strict, same=lambda one, other: False)


def test_bolus_tracking_stays_out_of_the_volume(stack, strict):
    chest = stack(range(10), prefix="c", acquisition="3")
    watched = [
        one for t in range(6) for one in stack([4], f"w{t}", acquisition="2", acquired=f"{t}")
    ]
    assert sorted(map(len, group.volumes(chest + watched, strict))) == [6, 10]


def test_phases_within_acquisitions(stack, strict):
    slices = [
        one
        for acquisition in "12"
        for temporal in "123"
        for one in stack(
            range(4), acquisition + temporal, acquisition=acquisition, temporal=temporal
        )
    ]
    found = group.volumes(slices, strict)
    assert [len(volume) for volume in found] == [4] * 6


def test_copies_are_not_other_acquisitions(stack, strict):
    slices = stack(range(5))
    copies = [
        replace(one, header=replace(one.header, path=one.header.path / "x")) for one in slices
    ]
    assert len(group.volumes(slices + copies, strict)) == 1


def test_what_nothing_tells_apart_stays_together_and_is_refused(stack, strict):
    (volume,) = group.volumes(stack(range(5)) + stack(range(5), prefix="t"), strict)
    with pytest.raises(Unusable, match="duplicate_position"):
        geometry.lattice_of(volume, strict, same=lambda one, other: False)


def test_slices_without_a_place_stay_with_the_largest_stack(stack, strict):
    lost = stack([0], prefix="lost", orientation=None)
    other = stack(range(2), prefix="o", pixel_spacing_mm=(0.5, 0.5))
    found = group.volumes(other + lost + stack(range(5)), strict)
    assert sorted(map(len, found)) == [2, 6]
    assert [len(one) for one in group.volumes(lost, strict)] == [1]
    assert group.volumes([], strict) == []


@given(st.permutations(range(24)))
def test_the_order_of_files_never_matters(stack, strict, order):
    slices = [
        *stack(range(5), "a", acquisition="1"),
        *stack(range(5), "b", acquisition="2"),
        *stack(range(4), "c", series="1.9"),
        *stack(range(4), "d", pixel_spacing_mm=(0.5, 0.5)),
        *stack(range(4), "e", orientation=(1.0, 0.0005, 0.0, 0.0, 1.0, 0.0)),
        *stack([7, 8], "f", orientation=None),
    ]
    assert group.volumes([slices[index] for index in order], strict) == group.volumes(
        slices, strict
    )
