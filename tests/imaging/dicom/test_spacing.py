import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from elsewhere.imaging.dicom import spacing
from elsewhere.imaging.volume import Unusable


def test_even_heights_need_no_repair(strict):
    distance, repairs = spacing.regular(np.linspace(-100, 100, 41), strict)
    assert (distance, repairs) == (pytest.approx(5.0), ())


@given(st.floats(0.3, 10), st.integers(2, 300), st.floats(-1000, 1000))
def test_any_even_stack_passes(strict, step, count, start):
    distance, repairs = spacing.regular(start + step * np.arange(count), strict)
    assert distance == pytest.approx(step)
    assert repairs == ()


@given(st.floats(0.7, 5), st.integers(8, 60), st.data())
def test_single_missing_slices_are_put_back_where_they_were(strict, mend, step, count, data):
    missing = set(data.draw(st.lists(st.integers(2, count - 3), min_size=1, max_size=3)))
    assume(all({one + 1, one - 1}.isdisjoint(missing) for one in missing))
    assume(len(missing) * 4 < count)
    kept = np.array([index for index in range(count) if index not in missing])
    with pytest.raises(Unusable, match="gap"):
        spacing.regular(step * kept, strict)
    distance, (repair,) = spacing.regular(step * kept, mend)
    assert distance == pytest.approx(step)
    # the result's planes, looked up among the kept, are all slices again
    np.testing.assert_allclose(np.interp(repair.planes, range(len(kept)), kept), np.arange(count))


def test_a_gap_that_holds_no_whole_number_of_slices_is_not_filled(mend):
    with pytest.raises(Unusable, match="gap"):
        spacing.regular(np.array([0, 5, 10, 18, 23, 28.0]), mend)


def test_as_many_as_the_policy_says_are_filled(mend):
    heights = np.array([0, 1, 2, 5, 6, 7.0])
    more = mend.model_copy(update={"fill_slices": 2})
    _, (repair,) = spacing.regular(heights, more)
    assert len(repair.planes) == 8
    with pytest.raises(Unusable, match="gap"):
        spacing.regular(heights, mend)


def test_filled_and_resampled_follow_each_other(mend):
    heights = np.array([0, 2.5, 5.0, 8.0, 10.0, 15.0, 17.5])
    distance, (filled, resampled) = spacing.regular(heights, mend)
    assert (filled.code, resampled.code, distance) == ("interpolated", "resampled", 2.5)
    between = np.interp(filled.planes, range(len(heights)), heights)
    where = np.interp(resampled.planes, range(len(between)), between)
    np.testing.assert_allclose(where, 2.5 * np.arange(8))


@given(st.lists(st.floats(0.01, 20), min_size=1, max_size=30))
def test_a_result_never_leaves_the_stack(mend, steps):
    heights = np.concatenate([[0], np.cumsum(steps)])
    try:
        _, repairs = spacing.regular(heights, mend)
    except Unusable:
        return
    last = len(heights) - 1
    for one in repairs:
        assert one.planes[0] == 0
        assert max(one.planes) <= last + 1e-9
        assert (np.diff(one.planes) > 0).all()
        last = len(one.planes) - 1
