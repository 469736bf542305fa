"""volume: a mask is cut and resampled as its scan, whatever the input does to that."""

import numpy as np
import pytest

from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.imaging import crop
from elsewhere.imaging.inputs.volume import VolumePreparation
from elsewhere.imaging.outlines.volume import on_lattice
from elsewhere.imaging.preparation import Scanned

SHAPE, SPACING = (30, 64, 64), (4.0, 4.0, 4.0)
SCAN = Scanned("scan", "HU", SHAPE[0], SPACING)


def row(**changes: object) -> VolumeInput:
    values = {"kind": "volume", "matrix": 32, "depth": 32, "stride": 8, "clip_min_hu": -1000,
              "clip_max_hu": None, "ct_number": "keep", "normalise": "volume"}  # fmt: skip
    return VolumeInput.model_validate(values | changes)


def chest() -> np.ndarray:
    """A body in air with two lungs in slices 5 to 24."""
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    hu = np.full(SHAPE, -1000, np.int16)
    hu[:, (x / 0.8) ** 2 + (y / 0.6) ** 2 < 1] = 40
    hu[5:25, ((np.abs(x) - 0.35) / 0.2) ** 2 + (y / 0.4) ** 2 < 1] = -850
    return hu


@pytest.mark.parametrize("part", ["none", "body", "lungs"])
@pytest.mark.parametrize("spacing_mm", [None, (8.0, 6.0, 6.0)])
def test_the_shares_are_where_the_prepared_scan_changes_with_the_lesion(
    part: str, spacing_mm: tuple[float, ...] | None
) -> None:
    """A lesion denser by 100 HU makes a prepared voxel denser by its share of that."""
    wanted = row(crop=part, spacing_mm=spacing_mm)
    mask = np.zeros(SHAPE, bool)
    mask[10:18, 28:40, 14:26] = True
    shown = []
    for dense in (200, 300):
        hu = np.where(mask, dense, chest()).astype(np.int16)
        if part != "none":
            assert crop.box(hu, part) is not None  # type: ignore[arg-type]
        shown.append(VolumePreparation(wanted).prepared(hu, SCAN))
    shares = on_lattice(mask.astype(np.float32), voxels=hu, scan=SCAN, row=wanted)
    assert shares.shape == shown[0].shape
    assert shares.max() > 0.9
    np.testing.assert_allclose(100 * shares, shown[1] - shown[0], atol=1.01)
