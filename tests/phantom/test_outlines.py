"""outlines: the masks of a synthetic site against its DICOM files and against known spheres."""

from typing import Any

import nibabel as nib
import numpy as np
import pydicom
import pytest

from elsewhere.phantom import disease, scanner, thorax


@pytest.fixture(scope="module")
def site(written):
    return written("dicom_series", masks=True)[0]


def masks_of(folder):
    return folder.with_name(f"{folder.name}-masks")


def series(folder) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for path in sorted(folder.rglob("*.dcm")):
        item = pydicom.dcmread(path)
        found.setdefault(item.SeriesInstanceUID, []).append(item)
    for items in found.values():
        items.sort(key=lambda item: float(item.ImagePositionPatient[2]))
    return found


def test_each_diseased_series_has_its_mask_on_its_own_lattice(site) -> None:
    known = series(site)
    masks = {
        path.name.removesuffix(".nii.gz"): nib.load(path)
        for path in masks_of(site).glob("*.nii.gz")
    }
    assert set(masks) == set(known)
    for uid, image in masks.items():
        items = known[uid]
        assert image.shape == (items[0].Columns, items[0].Rows, len(items))
        for at in (0, len(items) - 1):
            corner = image.affine @ [0, 0, at, 1]
            expected = np.array(items[at].ImagePositionPatient, float) * [-1, -1, 1]  # LPS to RAS
            np.testing.assert_allclose(corner[:3], expected, atol=2e-3)
        np.testing.assert_allclose(
            image.header.get_zooms()[:2], items[0].PixelSpacing[::-1], atol=1e-5
        )


def test_lesions_are_denser_than_lung_and_lie_in_the_chest(site) -> None:
    for uid, items in series(site).items():
        mask = np.asarray(nib.load(masks_of(site) / f"{uid}.nii.gz").dataobj).transpose(2, 1, 0) > 0
        hu = np.stack([one.pixel_array * one.RescaleSlope + one.RescaleIntercept for one in items])
        assert 0 < mask.mean() < 0.25
        assert np.median(hu[mask]) > -720  # healthy lung of these scans is below


def test_healthy_people_have_no_mask(written) -> None:
    healthy = {"well": {"label": 0, "patients": 2}}
    folder, _ = written("dicom_series", masks=True, categories=healthy)
    assert not masks_of(folder).exists()


def test_without_the_option_nothing_is_written(written) -> None:
    assert not masks_of(written("dicom_series")[0]).exists()


def test_a_dense_sphere_deep_in_the_lung_has_its_volume(monkeypatch) -> None:
    """One consolidation of 20 mm radius, edges at 1.1 - 1/8 of it: analytic volume."""
    rng = np.random.default_rng(0)
    anatomy = thorax.draw_anatomy(rng, female=False)
    points = disease._points(anatomy, rng)
    z, y, x, _ = points[points[:, 3].argmax()]
    lesion = disease.Lesion("consolidation", (float(z), float(y), float(x)), 20.0, 30.0)
    grid = thorax.grid(anatomy, field_of_view_mm=360, matrix=180, distance_mm=2.0)
    plain = thorax.draw(anatomy, grid, inspiration=0.7, enhancement_hu=0)
    ill = disease.add(plain, grid, (lesion,))
    raised = ill.hu - plain.hu > scanner.RAISED_HU
    volume = raised.sum() * np.prod(grid.spacing_mm)
    # share * 880 HU > 100 HU, share = 4 * (1.1 - distance / radius)
    radius = 20.0 * (1.1 - scanner.RAISED_HU / 880 / 4)
    assert volume == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.12)  # the edge is uneven
