import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.imaging.dicom.decode import Decoded
from elsewhere.imaging.dicom.header import Stored
from elsewhere.imaging.dicom.stack import Stack
from elsewhere.imaging.volume import Unusable

ROWS, COLUMNS = 4, 5


def layout(**changes):
    known = {
        "transfer_syntax": "1.2.840.10008.1.2.1",
        "rows": ROWS,
        "columns": COLUMNS,
        "frames": 1,
        "samples": 1,
        "photometric": "MONOCHROME2",
        "bits_allocated": 16,
        "bits_stored": 16,
        "high_bit": 15,
        "signed": True,
        "offset": 0,
        "length": 2 * ROWS * COLUMNS,
        "padding": None,
    }
    return Stored(**known | changes)


def decoded(values):
    return Decoded(values, int(values.min()), int(values.max()))


@pytest.fixture
def stacked(slice_at):
    """Place slices that are given as stored values; return the volume and its parts."""

    def build(arrays, scale="HU", slope=1.0, intercept=0.0, **stored):
        slices = [
            slice_at((0, 0, z), str(z), layout(**stored), slope=slope, intercept=intercept)
            for z in range(len(arrays))
        ]
        stack = Stack(slices)
        parts = [stack.place(index, decoded(values)) for index, values in enumerate(arrays)]
        return stack.finished(parts, scale), stack.span(parts), parts

    return build


def values(seed, low=-1000, high=1000):
    rng = np.random.default_rng(seed)
    return [rng.integers(low, high, (ROWS, COLUMNS)).astype(np.int16) for _ in range(3)]


@given(
    seed=st.integers(0, 99),
    slope=st.sampled_from([1.0, 2.0, 0.5, -1.0, 1.00488]),
    intercept=st.sampled_from([0.0, -1024.0, 31.5]),
)
def test_the_span_is_that_of_the_voxels(seed, slope, intercept):
    """It is told from the stored values, without another look at the volume."""
    stored = values(seed)
    slices = [_Line(slope, intercept) for _ in stored]
    stack = Stack(slices)
    parts = [stack.place(index, decoded(one)) for index, one in enumerate(stored)]
    found = stack.finished(parts, "HU")
    np.testing.assert_array_equal(found, np.rint(np.stack(stored) * slope + intercept))
    assert stack.span(parts) == (found.min(), found.max())


class _Line:
    """A slice of which only the line of its rescale is asked."""

    def __init__(self, slope, intercept):
        self.slope, self.intercept = slope, intercept
        self.header = type("Header", (), {"stored": layout()})


def test_padding_on_either_side_of_the_real_values(stacked):
    for padding in (-2000, 3000):
        arrays = values(1)
        expected = np.stack(arrays)
        for one in arrays:
            one[1] = padding
        real = np.delete(expected, 1, axis=1)
        expected[:, 1] = real.min()
        found, span, parts = stacked(arrays, padding=(padding, padding))
        np.testing.assert_array_equal(found, expected)
        assert span == (real.min(), real.max())
        assert all(part.padded for part in parts)


def test_unsigned_padding_that_int16_cannot_hold(stacked):
    """GE writes 63536 in some unsigned files: not one in a thousand, a fifth of the slice."""
    arrays = [(one + 1024).astype(np.uint16) for one in values(2, high=3000)]
    expected = np.stack(arrays).astype(int) - 1024
    for one in arrays:
        one[0] = 63536
    expected[:, 0] = expected[:, 1:].min()
    found, _, _ = stacked(arrays, intercept=-1024.0, signed=False, padding=(63536, 63536))
    np.testing.assert_array_equal(found, expected)


def test_a_slice_of_padding_alone(stacked):
    arrays = values(3)
    arrays[1][:] = -2000
    found, span, _ = stacked(arrays, padding=(-2000, -2000))
    real = np.stack([arrays[0], arrays[2]])
    assert (found[1] == real.min()).all()
    assert span == (real.min(), real.max())
    with pytest.raises(Unusable, match="only_padding"):
        stacked(arrays[1:2], padding=(-2000, -2000))


def test_values_beyond_int16(stacked):
    arrays = [one.astype(np.int32) for one in values(4)]
    arrays[0][0, 0] = 100_000
    with pytest.raises(Unusable, match=r"value_range.*100000"):
        stacked(arrays, bits_allocated=32, bits_stored=32, high_bit=31)


@pytest.mark.parametrize("signed", [True, False])
def test_inversion_is_its_own_inverse(stacked, signed):
    """Turned over within 12 bits: the darkest becomes the brightest."""
    arrays = values(5, *((-2048, 2048) if signed else (0, 4096)))
    ends = {"bits_stored": 12, "high_bit": 11, "signed": signed, "photometric": "MONOCHROME1"}
    once, _, _ = stacked(arrays, "CT number", **ends)
    assert once.min() == (-1 if signed else 4095) - np.stack(arrays).max()
    twice, _, _ = stacked([*once], "CT number", **ends)
    np.testing.assert_array_equal(twice, np.stack(arrays))
    kept, _, _ = stacked(arrays, "HU", **ends)
    np.testing.assert_array_equal(kept, np.stack(arrays))


def test_metal_that_has_the_value_of_padding_stays_metal(stacked):
    """The greatest value that 12 bits hold is both: at the border it is padding, inside metal."""
    one = np.arange(20, dtype=np.int16).reshape(4, 5)
    one[0], one[2, 2] = 3071, 3071
    found, _, parts = stacked([one, one], padding=(3071, 3071))
    assert (found[:, 0] == one[1:].min()).all()
    assert (found[:, 1:] == one[1:]).all()
    assert parts[0].flags == {"padding_inside"}
