"""masks: a sphere whose place in the patient is known, written by nibabel in any orientation."""

import errno
import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from elsewhere.design.inputs.slices import Draw, SlicesInput
from elsewhere.imaging import masks, outline_values
from elsewhere.imaging.inputs.slices import SlicesPreparation
from elsewhere.imaging.preparation import Scanned
from elsewhere.imaging.volume import Unusable

SHAPE = (20, 48, 40)  # z, y, x
SPACING = (5.0, 2.0, 2.5)
ORIGIN = (-50.0, -40.0, -300.0)  # x, y, z in LPS
CENTRE, RADIUS = (-20.0, 5.0, -255.0), 21.0
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def affine() -> np.ndarray:
    lattice = np.diag([*SPACING[::-1], 1.0])
    lattice[:3, 3] = ORIGIN
    return lattice


def sphere() -> np.ndarray:
    z, y, x = np.meshgrid(*(np.arange(length) for length in SHAPE), indexing="ij")
    at = np.stack([x, y, z], axis=-1) * SPACING[::-1] + ORIGIN
    return np.linalg.norm(at - CENTRE, axis=-1) < RADIUS


def write(
    path: Path, mask: np.ndarray, codes: str = "LPS", lattice: np.ndarray | None = None
) -> Path:
    """Write a mask [z, y, x] as NIfTI whose axes run to these ends of the patient."""
    image = nib.Nifti1Image(
        mask.astype(np.uint8).transpose(2, 1, 0),
        LPS_TO_RAS @ (affine() if lattice is None else lattice),
    )
    turn = nib.orientations.ornt_transform(
        nib.io_orientation(image.affine), nib.orientations.axcodes2ornt(tuple(codes))
    )
    nib.save(image.as_reoriented(turn), path)
    return path


def refused(path: Path, shape: tuple[int, ...] = SHAPE) -> str:
    with pytest.raises(Unusable) as raised:
        masks.fitted(masks.read(path), shape=shape, affine=affine())
    assert path.stem not in str(raised.value)
    return raised.value.reason


@pytest.mark.parametrize("codes", ["LPS", "RAS", "LAI", "SPL"])
def test_a_mask_lies_where_its_header_says_however_it_is_stored(tmp_path: Path, codes: str) -> None:
    read = masks.read(write(tmp_path / "a.nii.gz", sphere(), codes))
    mask = masks.fitted(read, shape=SHAPE, affine=affine())
    np.testing.assert_array_equal(mask, sphere())
    volume = mask.sum() * np.prod(SPACING)
    assert volume == pytest.approx(4 / 3 * np.pi * RADIUS**3, rel=0.05)


def test_a_lost_disk_is_no_damaged_mask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SimpleITK tells neither apart; the step must stop, so that it can be run again."""
    path = tmp_path / "a.nii.gz"
    path.write_bytes(b"no image")

    def lost(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Path, "open", lost)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        masks.read(path)


def test_only_the_values_of_a_lesion_count(tmp_path: Path) -> None:
    labels = sphere().astype(int) * 3
    labels[0] = 1
    path = write(tmp_path / "a.nii.gz", labels)
    np.testing.assert_array_equal(masks.read(path, values=(3,)).mask, sphere())
    assert masks.read(path).mask[0].all()


def test_a_mask_that_does_not_fit_its_scan_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "secret-name.nii.gz"
    assert refused(write(path, sphere()[:-1])) == "mask_shape"
    for at in ((0, 0), (2, 3)):  # another spacing, another place
        moved = affine()
        moved[at] += 1.0
        assert refused(write(path, sphere(), lattice=moved)) == "mask_lattice"
    assert refused(write(path, np.zeros(SHAPE))) == "no_lesion"
    path.write_bytes(b"no image")
    assert refused(path) == "unreadable"
    nib.save(nib.Nifti1Image(np.zeros((4, 4, 4, 2), np.uint8), np.eye(4)), path)
    assert refused(path) == "not_3d"


def test_a_scan_without_geometry_has_no_mask_that_is_known_to_fit(tmp_path: Path) -> None:
    read = masks.read(write(tmp_path / "a.nii.gz", sphere()))
    with pytest.raises(Unusable, match="no_geometry"):
        masks.fitted(read, shape=SHAPE, affine=None)


def test_a_rounded_header_fits(tmp_path: Path) -> None:
    rounded = np.round(affine() + 1e-4 * np.eye(4), 3)
    read = masks.read(write(tmp_path / "a.nii.gz", sphere(), lattice=rounded))
    assert masks.fitted(read, shape=SHAPE, affine=affine()).any()


def chest() -> np.ndarray:
    """Soft tissue in air, with two lungs, HU."""
    hu = np.full(SHAPE, -1000, np.int16)
    hu[:, 4:44, 2:38] = 40
    hu[:, 10:38, 6:17] = hu[:, 10:38, 23:34] = -850
    return hu


def test_lungs_are_the_air_in_the_body_with_what_lies_within() -> None:
    hu = chest()
    hu[5, 20:24, 10:12] = 40  # a vessel
    expected = np.zeros(SHAPE, bool)
    expected[:, 10:38, 6:17] = expected[:, 10:38, 23:34] = True
    np.testing.assert_array_equal(masks.lung(hu), expected)
    assert not masks.lung(np.full(SHAPE, 40, np.int16)).any()


DRAW = Draw(up_to=None, interval=1, first=0, margin=4)
ROW = SlicesInput(
    kind="slices", matrix=24, depth=4, draws=1, average="probabilities", clip_min_hu=-1200,
    clip_max_hu=600, mean_hu=0.0, sd_hu=1.0, train=(DRAW,), test=(DRAW,), seed=0,
)  # fmt: skip
SCAN = Scanned("scan", "HU", SHAPE[0], SPACING)


def test_the_outline_lies_as_the_scan_was_prepared() -> None:
    """Against the real preparation of a scan that is bright where the lesion is, and only there."""
    outline = masks.prepared(sphere(), voxels=chest(), scan=SCAN, row=ROW)
    bright = np.where(sphere(), 600, -1200).astype(np.int16)
    shown = SlicesPreparation(ROW).prepared(bright, SCAN)
    np.testing.assert_array_equal(outline == outline_values.LESION, shown >= 900)
    lungs = masks.lung(chest())
    dark = SlicesPreparation(ROW).prepared(np.where(lungs, 600, -1200).astype(np.int16), SCAN)
    np.testing.assert_array_equal(outline >= outline_values.LUNG, (dark >= 900) | (shown >= 900))


def test_a_lesion_that_vanishes_on_the_lattice_is_told() -> None:
    dot = np.zeros(SHAPE, bool)
    dot[3, 20, 10] = True
    with pytest.raises(Unusable, match="lost_lesion"):
        masks.prepared(dot, voxels=chest(), scan=SCAN, row=ROW)
