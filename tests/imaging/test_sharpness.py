"""sharpness: the blur that was put in comes out, whatever the height and direction of edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from elsewhere.imaging import sharpness


def edge(sigma: float, *, degrees: float = 0, height: float = 1000, side: int = 120) -> np.ndarray:
    """A step that a Gaussian has blurred is a normal distribution function."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2 + 0.3
    angle = np.deg2rad(degrees)
    values = height * ndtr((x * np.cos(angle) + y * np.sin(angle)) / sigma)
    return np.rint(values).astype(np.int16)[None]


@pytest.mark.parametrize("degrees", [0, 20, 45, 90])
@pytest.mark.parametrize("height", [200, 3000])
@pytest.mark.parametrize("sigma", [1.0, 2.0, 4.0])
def test_the_blur_of_an_edge_is_found(sigma: float, degrees: float, height: float) -> None:
    found = sharpness.edge_px(edge(sigma, degrees=degrees, height=height), split=height / 2)
    assert found == pytest.approx(sigma, rel=0.06)


def test_a_perfect_step_is_sharper_than_a_pixel() -> None:
    step = np.zeros((1, 100, 100), np.int16)
    step[:, :, 50:] = 1000
    assert sharpness.edge_px(step, split=500) < 0.5


def test_the_middle_of_a_large_picture_counts() -> None:
    picture = edge(2.0, side=1500)
    picture[:, :, :400] = 1000  # sharp, and not in the middle
    assert sharpness.edge_px(picture, split=500) == pytest.approx(2, rel=0.06)


def test_without_an_edge_there_is_no_blur() -> None:
    assert np.isnan(sharpness.edge_px(np.zeros((2, 50, 50), np.int16), split=500))
    assert np.isnan(sharpness.edge_px(np.zeros((0, 50, 50), np.int16), split=500))
