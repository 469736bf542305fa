"""Draws of slices against the ranges of the released code (C-09 to C-12)."""

import numpy as np
import pytest
from pydantic import ValidationError

from elsewhere.cohorts.inputs.slices import draw_for, possible_starts
from elsewhere.cohorts.view import view
from elsewhere.design.inputs.slices import SlicesInput

TRAIN = (
    {"up_to": 80, "interval": 1, "first": 0, "margin": 16},
    {"up_to": 160, "interval": 2, "first": 10, "margin": 60},
    {"up_to": None, "interval": 5, "first": 20, "margin": 130},
)
TEST = (*TRAIN[:2], {"up_to": None, "interval": 5, "first": 30, "margin": 120})
PAPER = {
    "kind": "slices",
    "matrix": 128,
    "depth": 16,
    "draws": 5,
    "average": "probabilities",
    "clip_min_hu": -1200,
    "clip_max_hu": 600,
    "mean_hu": -604.2288900583559,
    "sd_hu": 489.42172740885655,
    "train": TRAIN,
    "test": TEST,
    "seed": 0,
}
INPUT = SlicesInput.model_validate(PAPER | {"matrix": 2})


def scan(n_slices, seed=0):
    """Stored values: HU + 1200; slice i holds the value i in one corner."""
    rng = np.random.default_rng(seed)
    array = rng.integers(0, 1801, (n_slices, 2, 2)).astype(np.int16)
    array[:, 0, 0] = np.arange(n_slices)
    return array


def windows(row, array):
    return [(first, window.numpy()) for first, window in view(row).windows(array)]


def hu(window):
    return window * 489.42172740885655 - 604.2288900583559


def slices_shown(window):
    return np.rint(hu(window)[0, :, 0, 0] + 1200).astype(int).tolist()


# last slice is that of the greatest start of the half-open ranges, + 15 intervals
@pytest.mark.parametrize(
    ("n", "train", "test", "interval"),
    [
        (17, (0, 0), (0, 0), 1),
        (80, (0, 63), (0, 63), 1),
        (81, (10, 20), (10, 20), 2),
        (160, (10, 99), (10, 99), 2),
        (161, (20, 30), (30, 40), 5),
        (300, (20, 169), (30, 179), 5),
    ],
)
def test_starts_are_those_of_the_released_code_c12(n, train, test, interval):
    for rows, (least, most) in ((INPUT.train, train), (INPUT.test, test)):
        draw = draw_for(n, rows)
        starts = possible_starts(n, draw=draw, depth=16)
        assert (starts[0], starts[-1], draw.interval) == (least, most, interval)


@pytest.mark.parametrize("n", range(1, 400, 7))
def test_every_draw_lies_in_its_scan(n):
    for rows in (INPUT.train, INPUT.test):
        draw = draw_for(n, rows)
        starts = possible_starts(n, draw=draw, depth=16)
        assert starts[0] >= 0
        assert starts[-1] + 15 * draw.interval < max(n, 16)


@pytest.mark.parametrize(("n", "interval"), [(30, 1), (100, 2), (200, 5)])
def test_five_draws_of_sixteen_slices_c09_c11(n, interval):
    found = windows(INPUT, scan(n))
    assert len(found) == 5
    assert len({first for first, _ in found}) > 1
    for first, window in found:
        assert window.shape == (1, 16, 2, 2)
        assert window.dtype == np.float32
        assert slices_shown(window) == [*range(first, first + 16 * interval, interval)]


def test_values_are_hu_minus_mean_by_sd_c12():
    array = scan(40)
    for first, window in windows(INPUT, array):
        expected = array[first : first + 16].astype(float) - 1200
        np.testing.assert_allclose(hu(window)[0], expected, atol=1e-3)


@pytest.mark.parametrize("n", [1, 5, 15])
def test_few_slices_are_followed_by_zeros(n):
    array = scan(n)
    ((first, window),) = windows(INPUT, array)
    assert first == 0
    np.testing.assert_allclose(hu(window)[0, :n], array.astype(float) - 1200, atol=1e-3)
    assert not window[0, n:].any()


def test_sixteen_slices_are_shown_as_they_are():
    ((first, window),) = windows(INPUT, scan(16))
    assert first == 0
    assert slices_shown(window) == [*range(16)]


def test_draws_are_reproducible_and_differ_between_scans_and_seeds():
    def starts(seed, row=INPUT):
        return [first for first, _ in windows(row, scan(80, seed))]

    assert starts(0) == starts(0)
    assert starts(0) != starts(1)
    assert starts(0) != starts(0, INPUT.model_copy(update={"seed": 1}))


def test_starts_are_uniform():
    row = INPUT.model_copy(update={"draws": 4000})
    starts = [first for first, _ in windows(row, scan(26))]  # 10 possible
    counts = np.bincount(starts, minlength=10)
    assert counts.shape == (10,)
    assert np.abs(counts - 400).max() < 5 * np.sqrt(400 * 0.9)


@pytest.mark.parametrize("n", [5, 30, 100, 200])
def test_positions_are_those_of_the_window(n):
    shown = view(INPUT)
    for first, window in shown.windows(scan(n)):
        positions = shown.positions(n, first=first)
        assert len(positions) == 16
        in_scan = [position for position in positions if position is not None]
        assert slices_shown(window.numpy())[: len(in_scan)] == in_scan
        np.testing.assert_array_equal(shown.window(scan(n), first=first), window)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train": TRAIN[:2]}, "train: up_to is .80, 160.; expected rising numbers, and null"),
        ({"test": (TRAIN[1], TRAIN[0], TRAIN[2])}, "test: up_to is .160, 80, None."),
        ({"train": (TRAIN[2], TRAIN[2])}, "train: up_to is .None, None."),
        ({"depth": 28}, "a draw of 28 slices at interval 1 ends 27 slices after it begins"),
        ({"clip_min_hu": 600}, "clip_min_hu 600.0 is not below clip_max_hu 600.0"),
    ],
)
def test_rows_that_cannot_be_drawn_are_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        SlicesInput.model_validate(PAPER | changes)


def test_another_lattice_is_refused():
    with pytest.raises(ValueError, match="run `prepare` again"):
        windows(INPUT, np.zeros((40, 3, 3), np.int16))
