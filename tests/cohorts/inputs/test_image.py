from __future__ import annotations

import numpy as np

from elsewhere.cohorts.inputs.image import channels
from elsewhere.cohorts.view import view
from elsewhere.design.inputs.image import ImageInput

IMAGE = ImageInput(kind="image", matrix=8, stored_matrix=8, channels=3, normalise="image")


def evaluation_tensor(array, *, input):
    return np.stack([window for _, window in view(input).windows(array)])


def test_an_image_is_shrunk_without_aliasing():
    row = ImageInput(kind="image", matrix=32, stored_matrix=128, channels=3, normalise="imagenet")
    stripes = np.zeros((1, 128, 128), np.uint8)
    stripes[:, :, ::2] = 255
    found = evaluation_tensor(stripes, input=row)
    assert found.shape == (1, 3, 32, 32)
    # Stripes finer than the new lattice become their mean, 127.5; far from the border exactly.
    inside = found[0, 0, 4:-4, 4:-4] * 0.229 + 0.485
    np.testing.assert_allclose(inside, 0.5, atol=0.01)


def test_an_image_that_fits_is_not_resampled():
    row = ImageInput(kind="image", matrix=6, stored_matrix=6, channels=1, normalise="image")
    image = np.arange(36, dtype=np.uint8).reshape(1, 6, 6)
    expected = (image - image.mean()) / image.std()
    np.testing.assert_allclose(evaluation_tensor(image, input=row)[0], expected, atol=1e-5)


def test_every_channel_of_an_image_has_mean_0_and_variance_1():
    image = np.random.default_rng(0).integers(0, 256, (8, 8)).astype(np.float32)
    found = channels(image, input=IMAGE)
    assert found.shape == (3, 8, 8)
    np.testing.assert_allclose(found.mean((1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(found.std((1, 2)), 1, atol=1e-5)
    assert (channels(np.full((8, 8), 9, np.float32), input=IMAGE) == 0).all()


def test_imagenets_mean_becomes_0_and_one_sd_becomes_1():
    row = IMAGE.model_copy(update={"normalise": "imagenet"})
    for channel, (mean, sd) in enumerate([(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)]):
        image = np.asarray([[255 * mean, 255 * (mean + sd)]], np.float32)
        np.testing.assert_allclose(channels(image, input=row)[channel], [[0, 1]], atol=1e-5)
    single = row.model_copy(update={"channels": 1})
    image = np.full((1, 1), 255 * (0.485 + 0.456 + 0.406) / 3, np.float32)
    np.testing.assert_allclose(channels(image, input=single), 0, atol=1e-5)
