from pathlib import Path

import numpy as np

from elsewhere.imaging.source import Source


def test_knows_nothing_that_it_is_not_told():
    source = Source(kind="stack", files=(Path("1.png"),))
    assert source.slope is None
    assert source.intercept is None
    assert source.bits_stored is None
    assert source.slices == ()
    assert np.isnan(source.spacing_mm).all()
