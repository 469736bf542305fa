import numpy as np
import pytest

from elsewhere.cohorts.extent import Extent


@pytest.mark.parametrize("kind", [np.int16, np.uint8])
def test_an_extent_says_shape_and_values_of_an_array(kind):
    array = np.arange(3, 63, dtype=kind).reshape(3, 4, 5)
    assert Extent.of(array) == Extent(3, 4, 5, 3, 62)
    assert Extent.of(array).nbytes == array.astype(np.int16).nbytes
