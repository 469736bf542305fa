import pytest
from pydantic import TypeAdapter, ValidationError

from elsewhere.design.ranges import Counts, Range


@pytest.mark.parametrize("kind", [Range, Counts])
def test_low_comes_before_high(kind):
    adapter = TypeAdapter(kind)
    assert adapter.validate_python([1, 3]) == (1, 3)
    assert adapter.validate_python([3, 3]) == (3, 3)
    with pytest.raises(ValidationError, match=r"expected \[low, high\], got \[3"):
        adapter.validate_python([3, 1])


def test_counts_are_whole():
    with pytest.raises(ValidationError):
        TypeAdapter(Counts).validate_python([1.5, 2])
