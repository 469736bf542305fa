"""Rows of networks and inputs, as small as the architectures allow and as large as published."""

from pathlib import Path

import pytest

from elsewhere.design import params as tables
from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.design.networks.covidnet_redesign import CovidnetRedesign
from elsewhere.design.networks.densenet3d import Densenet3d
from elsewhere.design.networks.nguyen_cnn import NguyenCnn


def volume_row(matrix, depth):
    return VolumeInput(
        kind="volume",
        matrix=matrix,
        depth=depth,
        stride=depth // 4,
        clip_min_hu=-1000,
        clip_max_hu=None,
        ct_number="keep",
        normalise="volume",
    )


def image_row(matrix, channels=3):
    return ImageInput(
        kind="image", matrix=matrix, stored_matrix=matrix, channels=channels, normalise="image"
    )


@pytest.fixture(scope="session")
def params():
    return tables.load(Path(__file__).parents[1] / "params")


@pytest.fixture
def nguyen_row():
    return NguyenCnn(
        kind="nguyen_cnn",
        first_filters=8,
        pooling="max",
        groups=4,
        dropblock_size=3,
        dropblock_rate=0.1,
        dropout_rate=0.5,
        dense_features=1024,
    )


@pytest.fixture
def covidnet_row():
    return CovidnetRedesign(
        kind="covidnet_redesign", activation="relu", width=1.0, dense_features=(1024, 256)
    )


@pytest.fixture
def densenet_row():
    return Densenet3d(
        kind="densenet3d",
        first_filters=32,
        growth=32,
        bottleneck=4,
        layers=(2, 2, 2),
        compression=2,
        slope=0.1,
        dropblock_size=5,
        dropblock_rate=0.1,
        last_dropblock_rate=0.5,
        last_dropblock_steps=5000,
    )


@pytest.fixture
def ucadi_volume():
    return volume_row(128, 16)


@pytest.fixture
def paper_volume():
    return volume_row(512, 128)


@pytest.fixture
def paper_image():
    return image_row(224)


@pytest.fixture
def small_volume():
    return volume_row(64, 32)


@pytest.fixture
def small_image():
    return image_row(32)
