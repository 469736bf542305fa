"""augmentation: what the device makes of stored values is what NumPy makes, bit for bit."""

import itertools

import numpy as np
import numpy_views
import pytest
import torch

from elsewhere.cohorts.augmentation import Augmentation, augment, build
from elsewhere.cohorts.extent import Extent
from elsewhere.design import kinds
from elsewhere.design.augmentations.image import ImageAugmentation
from elsewhere.design.augmentations.slices import SlicesAugmentation
from elsewhere.design.augmentations.volume import VolumeAugmentation
from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.inputs.slices import SlicesInput
from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.imaging import store

IMAGE = ImageInput(kind="image", matrix=4, stored_matrix=4, channels=1, normalise="image")
STILL = ImageAugmentation(kind="image", crop=False, flip_vertical=0, flip_horizontal=0)
VOLUME = VolumeInput(
    kind="volume", matrix=7, depth=6, stride=3, clip_min_hu=-1000, clip_max_hu=400,
    ct_number="keep", normalise="volume",
)  # fmt: skip
SLICES = SlicesInput.model_validate(
    {
        "kind": "slices", "matrix": 5, "depth": 3, "draws": 2, "average": "logits",
        "clip_min_hu": -1200, "clip_max_hu": 600, "mean_hu": -587.3, "sd_hu": 511.7,
        "train": [
            {"up_to": 9, "interval": 1, "first": 0, "margin": 2},
            {"up_to": None, "interval": 3, "first": 1, "margin": 8},
        ],
        "test": [{"up_to": None, "interval": 1, "first": 0, "margin": 2}], "seed": 0,
    }
)  # fmt: skip


def volume_row(**changes):
    every = {"power_of_two": 0.5, "gate": 0.8, "flip": 0.5, "transpose": 0.5, "scale": 0.5}
    turned = {"rotate": "quarter_turns", "scale_mode": "intensity"}
    return VolumeAugmentation(kind="volume", **{**every, **turned, **changes})


def image_row(crop):
    return ImageAugmentation(kind="image", crop=crop, flip_vertical=0.5, flip_horizontal=0.5)


def image_input(stored, **changes):
    return ImageInput(kind="image", matrix=6, stored_matrix=stored, **changes)


def volumes(dice):
    """Of any length, one without contrast, one of bytes."""
    for n_slices in (1, 2, 5, 6, 7, 13):
        yield dice.integers(0, 4095, (n_slices, 7, 7)).astype(np.int16)
    yield np.full((4, 7, 7), 9, np.int16)
    yield np.zeros((8, 7, 7), np.int16)
    yield dice.integers(0, 255, (3, 7, 7)).astype(np.uint8)


def long_and_short(dice):
    for n_slices in (1, 2, 3, 8, 9, 10, 20):
        yield dice.integers(0, 1800, (n_slices, 5, 5)).astype(np.int16)


def pictures(shape):
    def make(dice):
        yield dice.integers(0, 255, shape).astype(np.uint8)
        yield np.full(shape, 77, np.uint8)

    return make


CASES = {
    **{
        f"volume, {normalise}, {mode}": (
            numpy_views.volume,
            VOLUME.model_copy(update={"normalise": normalise}),
            volume_row(scale_mode=mode),
            volumes,
        )
        for normalise, mode in itertools.product(["volume", "fixed"], ["intensity", "spatial"])
    },
    "volume, no turns": (numpy_views.volume, VOLUME, volume_row(rotate="none", gate=1), volumes),
    "slices": (numpy_views.slices, SLICES, SlicesAugmentation(kind="slices"), long_and_short),
    **{
        f"image, {normalise}, {channels} channels, stored at {stored}": (
            numpy_views.image,
            image_input(stored, channels=channels, normalise=normalise),
            image_row(crop=crop),
            pictures((1, stored, stored)),
        )
        for normalise in ("image", "imagenet")
        for channels, stored, crop in [(1, 9, True), (3, 9, True), (3, 6, False), (3, 9, False)]
    },
    "image, its proportions kept": (
        numpy_views.image,
        image_input(7, channels=3, normalise="image", proportions="kept"),
        image_row(crop=True),
        pictures((1, 7, 11)),
    ),
}


@pytest.mark.parametrize(("plain", "input", "row", "make"), CASES.values(), ids=CASES)
def test_every_view_is_that_of_plain_numpy_bit_for_bit(plain, input, row, make):
    dice = np.random.default_rng(3)
    for array in make(dice):
        for seed in range(40):
            ours, theirs = np.random.default_rng(seed), np.random.default_rng(seed)
            found = augment(array, input=input, augmentation=row, rng=ours)
            expected = np.ascontiguousarray(plain(array, theirs, input=input, row=row))
            assert found.shape == expected.shape == input.shape
            np.testing.assert_array_equal(found.view(np.int32), expected.view(np.int32))
            assert ours.bit_generator.state == theirs.bit_generator.state


@pytest.mark.parametrize(("plain", "input", "row", "make"), CASES.values(), ids=CASES)
def test_the_plan_needs_no_voxel_and_few_bytes_move(plain, input, row, make, tmp_path):
    """Of a file only the slices of the plan are read; all that was in `out` is overwritten."""
    augmentation, path = build(row, input), tmp_path / f"scan{store.SUFFIX}"
    for array in make(np.random.default_rng(4)):
        store.write(path, array)
        for seed in range(5):
            plan = augmentation.plan(Extent.of(array), np.random.default_rng(seed))
            wanted = plan.slices
            raw = store.read(path, start=wanted.start, stop=wanted.stop, step=wanted.step)
            assert len(raw) == len(wanted) <= getattr(input, "depth", 1)
            parts = [torch.from_numpy(part) for part in augmentation.pack(raw, plan)]
            out = torch.full(input.shape, torch.nan)
            augmentation.apply(parts, plan, out=out)
            expected = plain(array, np.random.default_rng(seed), input=input, row=row)
            np.testing.assert_array_equal(out.numpy(), expected)


@pytest.mark.parametrize("name", ["volume, volume, intensity", "slices"])
def test_stored_values_move_as_they_are(name):
    _, input, row, make = CASES[name]
    augmentation = build(row, input)
    for array in make(np.random.default_rng(5)):
        plan = augmentation.plan(Extent.of(array), np.random.default_rng(0))
        wanted = plan.slices
        raw = array[wanted.start : wanted.stop : wanted.step]
        (part,) = augmentation.pack(raw, plan)
        assert part is raw


@pytest.mark.parametrize("kind", kinds.names("augmentations"))
def test_every_kind_changes_scans_of_an_input_that_exists(kind):
    assert issubclass(kinds.implementation("augmentations", kind, Augmentation), Augmentation)
    assert kinds.row_class("augmentations", kind).input_kind in kinds.names("inputs")


def test_an_augmentation_of_another_kind_of_input_is_refused():
    other = IMAGE.model_construct(kind="volume")
    with pytest.raises(TypeError, match="input is of kind volume, augmentation of kind image"):
        augment(np.zeros((1, 4, 4)), input=other, augmentation=STILL, rng=np.random.default_rng(0))
