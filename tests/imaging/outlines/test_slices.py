"""slices: shares of pixels on the lattice of the input."""

import numpy as np

from elsewhere.design.inputs.slices import Draw, SlicesInput
from elsewhere.imaging.outlines.slices import on_lattice
from elsewhere.imaging.preparation import Scanned

DRAW = Draw(up_to=None, interval=1, first=0, margin=4)
ROW = SlicesInput(
    kind="slices", matrix=8, depth=4, draws=1, average="probabilities", clip_min_hu=-1200,
    clip_max_hu=600, mean_hu=0.0, sd_hu=1.0, train=(DRAW,), test=(DRAW,), seed=0,
)  # fmt: skip


def test_a_block_of_pixels_becomes_one_and_no_slice_is_lost() -> None:
    mask = np.zeros((5, 32, 32), np.float32)
    mask[2, 8:16, 16:24] = 1  # pixels 2 and 3 by 4 and 5 of the lattice
    scan = Scanned("s", "HU", 5, (5.0, 1.0, 1.0))
    shares = on_lattice(mask, voxels=mask, scan=scan, row=ROW)
    assert shares.shape == (5, 8, 8)
    expected = np.zeros((5, 8, 8), bool)
    expected[2, 2:4, 4:6] = True
    np.testing.assert_array_equal(shares >= 0.5, expected)
    assert shares.sum() * 16 == mask.sum()
