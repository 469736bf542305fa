"""profile: noise, lungs and greys that were put in come out."""

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from elsewhere.imaging import profile
from elsewhere.imaging.volume import Volume


def chest(*, sd: tuple[float, float] = (10, 25), side: int = 256, slices: int = 40) -> np.ndarray:
    """Body, lungs in slices 5 to 30, white noise of two sizes in air and lung."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    body = (x / 0.8) ** 2 + (y / 0.6) ** 2 < 1
    lungs = ((np.abs(x) - 0.36) / 0.26) ** 2 + (y / 0.42) ** 2 < 1
    volume = rng.normal(-1000, sd[0], (slices, side, side))
    volume[:, body] = rng.normal(40, 15, (slices, int(body.sum())))
    volume[5:31, lungs] = rng.normal(-850, sd[1], (26, int(lungs.sum())))
    return np.rint(volume).astype(np.int16)


def of(voxels: np.ndarray, *, scale: str = "HU", distance_mm: float = 5.0) -> dict:
    return profile.of(Volume(voxels, scale, 12, "DICOM", (distance_mm, 0.7, 0.7)))  # type: ignore


@pytest.mark.parametrize("side", [128, 256, 300, 512])
def test_noise_in_air_and_lung_is_what_was_put_in(side: int) -> None:
    found = of(chest(side=side))
    assert found["noise_air"] == pytest.approx(10, rel=0.03)
    assert found["noise_lung"] == pytest.approx(25, rel=0.05)


def test_vessels_do_not_count_as_noise() -> None:
    volume = chest()
    volume[5:31:2, ::16, :] = np.where(volume[5:31:2, ::16, :] < -600, 0, volume[5:31:2, ::16, :])
    assert of(volume)["noise_lung"] == pytest.approx(25, rel=0.15)


def test_air_that_was_replaced_has_no_noise_and_its_circle_does_not_hide_it() -> None:
    volume = chest()
    masked = np.where(volume < -900, -1000, volume).astype(np.int16)
    assert of(masked)["noise_air"] == 0
    y, x = np.mgrid[-1:1:256j, -1:1:256j]
    volume[:, x**2 + y**2 > 1] = -2000
    assert of(volume)["noise_air"] == pytest.approx(10, rel=0.05)


def test_the_lungs_and_the_slices_that_may_show_a_face() -> None:
    found = of(chest(slices=60))
    assert (found["lung_first"], found["lung_last"]) == (5, 30)
    assert found["face_slices"] == 60 - 1 - 30 - 12  # 60 mm are 12 slices
    assert of(chest(slices=40))["face_slices"] == 0
    assert of(chest(), distance_mm=float("nan"))["face_slices"] == -1


def test_what_is_not_found_says_so() -> None:
    found = of(np.zeros((4, 64, 64), np.int16))
    assert (found["lung_first"], found["lung_last"], found["face_slices"]) == (-1, -1, -1)
    assert np.isnan([found[name] for name in profile.BY_SECTION]).all()
    assert (found["lowest_share"], found["highest_share"], found["margin_share"]) == (1, 1, 1)


@pytest.mark.parametrize("scale", profile.LOW_AND_STEP)
def test_the_histogram_counts_every_voxel_that_is_looked_at(scale: str) -> None:
    low, high = profile.edges(scale)[[0, -1]]
    values = np.random.default_rng(1).integers(-2000, 5000, (8, 60, 60)).astype(np.int16)
    counts = of(values, scale=scale)["histogram"]
    expected, _ = np.histogram(np.clip(values, low, high - 0.5), profile.edges(scale))
    assert counts == expected.tolist()
    assert sum(counts) == values.size


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    rows = [{"scan_id": f"{number:016x}", **of(chest(side=64))} for number in (2, 1)]
    for name in ("a", "b"):
        profile.write(rows[:: 1 if name == "a" else -1], tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    frame = profile.read(tmp_path / "a")
    assert tuple(frame.columns) == profile.COLUMNS
    assert frame["scan_id"].tolist() == [f"{number:016x}" for number in (1, 2)]
    assert frame["signature"][0] == rows[0]["signature"]
    assert frame["histogram"][0].tolist() == rows[0]["histogram"]


def test_no_row_is_a_table_too_and_another_table_is_refused(tmp_path: Path) -> None:
    profile.write([], tmp_path / "empty")
    assert len(profile.read(tmp_path / "empty")) == 0
    frame = profile.read(tmp_path / "empty").drop(columns="histogram")
    frame.to_parquet(tmp_path / "other")
    with pytest.raises(ValueError, match="columns"):
        profile.read(tmp_path / "other")


def test_an_image_is_measured_too() -> None:
    found = of(chest()[10:11], scale="HU")
    assert (found["lung_first"], found["lung_last"]) == (0, 0)
    assert found["noise_air"] == pytest.approx(10, rel=0.1)


def test_lungs_and_body_have_the_size_of_their_ellipses() -> None:
    found = of(chest())
    body = np.pi * 0.8 * 0.6 / 4  # of the picture, which is 2 by 2
    lung = 2 * np.pi * 0.26 * 0.42 / 4
    assert found["body_share"] == pytest.approx(body, rel=0.03)
    assert found["lung_share"] == pytest.approx(lung / body, rel=0.03)
    litres = lung * (256 * 0.7) ** 2 * 25 * 5.0 / 1e6  # 26 slices have 25 distances
    assert found["lung_litres"] == pytest.approx(litres, rel=0.03)
    assert np.isnan(of(chest(), distance_mm=float("nan"))["lung_litres"])


def test_borders_are_counted() -> None:
    volume = np.zeros((10, 80, 100), np.int16)
    volume[:, 20:60, 30:80] = 500
    volume[:, 30:40, 40:50] = 900
    found = of(volume, scale="CT number")
    assert found["margin_share"] == pytest.approx(1 - 40 * 50 / 8000)
    assert found["lowest_share"] == pytest.approx(1 - 40 * 50 / 8000)
    assert found["highest_share"] == pytest.approx(100 / 8000)


def test_quantiles_of_evenly_spread_greys_are_their_share() -> None:
    counts = np.zeros((2, profile.BINS), np.int64)
    counts[0] = 10  # greys from 0 to 256
    counts[1, 50:60] = 3  # from 100 to 120
    found = profile.quantiles(counts, "0-255", shares=(0.25, 0.5))
    assert found == pytest.approx(np.array([[64, 128], [105, 110]]))


def test_a_blurred_export_has_blurred_edges() -> None:
    """The blur of a phantom's kernel comes out, through white noise."""
    for sigma in (1.0, 2.0):
        smooth = gaussian_filter(chest(sd=(0, 0)).astype(float), (0, sigma, sigma))
        smooth += np.random.default_rng(2).normal(0, 20, smooth.shape)
        assert of(np.rint(smooth).astype(np.int16))["edge_px"] == pytest.approx(sigma, rel=0.15)
