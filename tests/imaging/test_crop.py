"""crop: ellipses whose place is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.imaging import crop


def chest(side=128, slices=30, lungs=(6, 22), shift=(0.0, 0.0), table=False):
    """A body in air with two lungs, and the masks of body and lungs."""
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    y, x = y - shift[0], x - shift[1]
    body = (x / 0.6) ** 2 + (y / 0.42) ** 2 < 1
    lung = ((np.abs(x) - 0.28) / 0.18) ** 2 + (y / 0.28) ** 2 < 1
    volume = np.full((slices, side, side), -1000, np.int16)
    if table:
        volume[:, np.abs(y - 0.62) < 0.02] = -200
    volume[:, body] = 40
    masks = {"body": np.zeros(volume.shape, bool), "lungs": np.zeros(volume.shape, bool)}
    masks["body"][:, body] = True
    masks["lungs"][lungs[0] : lungs[1] + 1, lung] = True
    volume[masks["lungs"]] = -850
    noise = np.random.default_rng(0).integers(-15, 16, volume.shape)
    return (volume + noise).astype(np.int16), masks


def extent(mask):
    """First and last index of a mask along each axis."""
    found = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        at = np.flatnonzero(mask.any(axis=others))
        found.append((at[0], at[-1] + 1))
    return found


@pytest.mark.parametrize("part", ["body", "lungs"])
@pytest.mark.parametrize("side", [96, 128, 300, 512])
@pytest.mark.parametrize("shift", [(0.0, 0.0), (-0.2, 0.15)])
def test_the_box_holds_the_part_and_little_more(part, side, shift):
    volume, masks = chest(side, shift=shift)
    box = crop.box(volume, part)
    cell = -(-side // 128)
    for axis, (first, last) in enumerate(extent(masks[part])):
        allowed = crop.MARGIN * (last - first) + 2 * cell + 1
        assert first - allowed <= box[axis].start <= first
        assert last <= box[axis].stop <= last + allowed


def test_the_body_keeps_all_slices_and_the_lungs_their_own():
    volume, _ = chest(slices=40, lungs=(10, 29))
    assert crop.box(volume, "body")[0] == slice(0, 40)
    assert crop.box(volume, "lungs")[0] == slice(9, 31)


def test_a_table_below_the_patient_is_no_body():
    with_table, masks = chest(table=True)
    _, (_, back), _ = extent(masks["body"])
    assert crop.box(with_table, "body")[1].stop <= back + crop.MARGIN * 128 + 3


@pytest.mark.parametrize("part", ["body", "lungs"])
@pytest.mark.parametrize("value", [-1000, 40])
def test_nothing_is_found_where_nothing_is(part, value):
    assert crop.box(np.full((5, 64, 64), value, np.int16), part) is None


def test_a_body_without_lungs_has_no_lungs():
    volume, _ = chest(lungs=(1, 0))
    assert crop.box(volume, "lungs") is None
    assert crop.box(volume, "body") is not None


@given(
    st.tuples(st.integers(0, 40), st.integers(1, 40)),
    st.tuples(st.integers(0, 40), st.integers(1, 40)),
)
def test_a_square_has_the_longer_side_and_the_same_middle(rows, columns):
    (row, tall), (column, wide) = rows, columns
    box = (slice(0, 3), slice(row, row + tall), slice(column, column + wide))
    found = crop.square(box)
    assert found[1].stop - found[1].start == found[2].stop - found[2].start == max(tall, wide)
    for before, after in zip(box[1:], found[1:], strict=True):
        assert abs((before.start + before.stop) - (after.start + after.stop)) <= 1


def test_beyond_the_volume_is_0():
    volume = np.arange(1, 25, dtype=np.float32).reshape(2, 3, 4)
    found = crop.cut(volume, (slice(0, 1), slice(-1, 4), slice(1, 6)))
    assert found.shape == (1, 5, 5)
    np.testing.assert_array_equal(found[0, 1:4, :3], volume[0, :, 1:])
    assert found.sum() == volume[0, :, 1:].sum()
