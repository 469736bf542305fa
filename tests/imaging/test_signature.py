"""signature: copies are alike however they were written again, other patients are not."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from elsewhere.cohorts.duplicates import whitened
from elsewhere.imaging import signature

SIMILARITY = 0.7  # as params.yaml has it


def of(voxels: np.ndarray) -> bytes:
    return signature.of(voxels.astype(np.int16))


def blobs(seed: int, shape: tuple[int, int, int] = (60, 128, 128)) -> np.ndarray:
    """A body with two lungs and a patient's own vessels and lesions, HU."""
    rng = np.random.default_rng(seed)
    z, y, x = np.meshgrid(*(np.linspace(-1, 1, size) for size in shape), indexing="ij", sparse=True)
    body = (x / (0.8 + rng.uniform(-0.05, 0.05))) ** 2 + (y / (0.6 + rng.uniform(-0.05, 0.05))) ** 2
    lung = ((abs(x) - 0.36) / 0.26) ** 2 + (y / 0.42) ** 2 + (z / 1.1) ** 4
    volume = np.where(np.broadcast_to(body, shape) < 1, 40.0, -1000.0)
    volume = np.where(lung < 1, -850.0, volume)
    for _ in range(60):
        at, size = rng.uniform([-0.9, -0.4, -0.6], [0.9, 0.4, 0.6]), rng.uniform(0.03, 0.12)
        near = ((z - at[0]) / 2) ** 2 + (y - at[1]) ** 2 + (x - at[2]) ** 2 < size**2
        volume[near & (lung < 1)] = rng.uniform(-600, 60)
    return volume + rng.normal(0, 15, shape)


def jpeg(grey: np.ndarray) -> np.ndarray:
    slices = []
    for one in grey.astype(np.uint8):
        stream = io.BytesIO()
        Image.fromarray(one).save(stream, "JPEG", quality=75)
        slices.append(np.asarray(Image.open(stream)))
    return np.stack(slices)


def windowed(volume: np.ndarray, low: float = -1350, high: float = 150) -> np.ndarray:
    return np.clip(np.rint((volume - low) * 255 / (high - low)), 0, 255)


def resized(volume: np.ndarray, factor: float) -> np.ndarray:
    size = (round(volume.shape[2] * factor), round(volume.shape[1] * factor))
    return np.stack([np.asarray(Image.fromarray(s).resize(size, Image.Resampling.BILINEAR))
                     for s in volume.astype(np.float32)])  # fmt: skip


COPIES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "window": windowed,
    "wide window": lambda volume: windowed(volume, -1200, 400),
    "jpeg": lambda volume: jpeg(windowed(volume)),
    "slope": lambda volume: volume * 2 + 500,
    "smaller": lambda volume: resized(volume, 0.96),
    "larger": lambda volume: resized(volume, 1.05),
    "half": lambda volume: resized(volume, 0.5),
    "one slice less": lambda volume: volume[1:],
    "one slice more": lambda volume: np.concatenate([volume, volume[-1:]]),
    "every other slice": lambda volume: volume[::2],
    "padded": lambda v: np.pad(v, ((0, 0), (9, 9), (9, 9)), constant_values=-2000),
    "noise": lambda volume: volume + np.random.default_rng(0).normal(0, 30, volume.shape),
}


@pytest.fixture(scope="module")
def cohort() -> list[np.ndarray]:
    return [blobs(seed) for seed in range(24)]


@pytest.fixture(scope="module")
def known(cohort: list[np.ndarray]) -> list[bytes]:
    return [of(volume) for volume in cohort]


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_is_found_and_no_other_patient_is(
    copy: str, cohort: list[np.ndarray], known: list[bytes]
) -> None:
    copies = [COPIES[copy](volume) for volume in cohort[:6]]
    shapes = whitened(signature.unpacked([*known, *map(of, copies)]))
    similar = shapes[: len(cohort)] @ shapes[len(cohort) :].T
    own = np.eye(len(cohort), len(copies), dtype=bool)
    assert similar[own].min() > SIMILARITY
    assert similar[~own].max() < 0.5


def test_slope_and_intercept_change_next_to_nothing() -> None:
    volume = blobs(1)
    plain, other = signature.unpacked([of(volume), of(volume * 3 + 100)])
    assert plain @ other > 0.999


def test_a_mirrored_copy_is_another_volume(cohort: list[np.ndarray], known: list[bytes]) -> None:
    mirrored = [volume[:, :, ::-1] for volume in cohort[:3]]
    shapes = whitened(signature.unpacked([*known, *map(of, mirrored)]))
    assert (shapes[: len(cohort)] @ shapes[len(cohort) :].T).max() < 0.5


def test_what_shows_nothing_is_like_nothing() -> None:
    blank = of(np.zeros((10, 32, 32)))
    assert blank == bytes(signature.LENGTH)
    assert not signature.unpacked([blank, blank]).any()


@pytest.mark.parametrize("shape", [(1, 40, 30), (1, 700, 900), (2, 20, 20), (3, 5, 5)])
def test_every_shape_has_a_signature_of_one_length(shape: tuple[int, int, int]) -> None:
    assert len(of(np.random.default_rng(0).integers(0, 255, shape))) == signature.LENGTH


def pictures(folder: Path) -> list[np.ndarray]:
    found = sorted(path for path in folder.rglob("*") if path.suffix in (".png", ".jpg"))
    return [np.asarray(Image.open(path).convert("RGB").convert("L"))[None] for path in found]


@pytest.mark.real
@pytest.mark.slow
def test_real_images(real: Callable[[str], Path]) -> None:
    """No image of one data set is found in the other; copies are found, 95 of 100 at least."""
    sites = [pictures(real(name))[::4] for name in ("covid-ct", "sars-cov-2-ct")]
    images = [*sites[0], *sites[1]]
    chosen = np.random.default_rng(0).choice(len(images), 60, replace=False)
    known = [of(one) for one in images]
    made = {"jpeg": jpeg, **{name: COPIES[name] for name in ("slope", "smaller", "half")}}
    for name, copy in made.items():
        copies = [of(copy(images[number].astype(float))) for number in chosen]
        shapes = whitened(signature.unpacked([*known, *copies]))
        first, second = shapes[: len(sites[0])], shapes[len(sites[0]) : len(images)]
        assert (first @ second.T).max() < SIMILARITY
        found = [shapes[number] @ shapes[len(images) + at] for at, number in enumerate(chosen)]
        assert np.mean(np.array(found) > SIMILARITY) >= 0.95, name
