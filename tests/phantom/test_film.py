import numpy as np
import pytest

from elsewhere.design.radiograph_phantom_rows import Radiography
from elsewhere.phantom import film

OPEN = (0.0, 0.0, 0.0, 0.0)


def shot(**changes):
    values = {"quanta": 1e4, "scatter": 0.0, "blur_mm": 1.0, "gamma": 1.0, "shutters": OPEN}
    return film.Shot(**values | changes)


def exposed(integral, **changes):
    return film.expose(integral, shot(**changes), np.random.default_rng(0), pixel_mm=3.0)


def ramp():
    return np.exp(-np.linspace(0.5, 4, 64 * 64, dtype=np.float32).reshape(64, 64))


def test_quanta_follow_beer_lambert_and_poisson():
    flat = exposed(np.full((128, 128), 2.0, np.float32))
    assert flat.mean() == pytest.approx(np.exp(-2), rel=0.01)
    assert flat.var() == pytest.approx(np.exp(-2) / 1e4, rel=0.05)
    few = exposed(np.full((128, 128), 2.0, np.float32), quanta=1e3)
    assert few.var() / flat.var() == pytest.approx(10, rel=0.1)


def test_scatter_takes_contrast_away():
    integral = np.full((128, 128), 2.0, np.float32)
    integral[:, 64:] = 4.0
    assert exposed(integral, scatter=0.5)[:, :20].mean() == pytest.approx(
        1.5 * np.exp(-2), rel=0.01
    )

    def contrast(signal):
        return np.log(signal[:, 60:63].mean() / signal[:, 65:68].mean())

    assert contrast(exposed(integral, scatter=1.0)) < 0.7 * contrast(exposed(integral))


def test_air_scatters_nothing():
    assert exposed(np.zeros((64, 64), np.float32), scatter=1.0).mean() == pytest.approx(1, rel=0.01)


def test_dense_is_bright_and_a_steeper_film_is_darker():
    flat = film.develop(ramp(), shot(), equalised=0.0)
    assert flat.dtype == np.uint8
    assert (np.diff(flat.ravel().astype(int)) >= 0).all()
    assert flat.min() == 0
    assert flat.max() == 255
    dark = film.develop(ramp(), shot(gamma=1.5), equalised=0.0)
    assert dark.mean() < flat.mean() - 20


def test_equalised_grey_values_are_all_as_frequent():
    signal = ramp() ** 2
    grey = film.develop(signal, shot(gamma=3.0, quanta=1e9), equalised=1.0)
    counts = np.histogram(grey, bins=8, range=(0, 256))[0]
    assert counts == pytest.approx(np.full(8, 512), abs=8)


def test_shutters_leave_black_edges():
    grey = film.develop(ramp(), shot(shutters=(0.25, 0, 0, 0.5)), equalised=0.0)
    assert (grey[:16] == 0).all()
    assert (grey[:, 32:] == 0).all()
    assert (grey[20:, :32] > 0).all()


@pytest.mark.parametrize(("letter", "right_half"), [("L", True), ("R", False)])
def test_a_marker_stands_on_its_side(letter, right_half):
    grey = np.zeros((100, 100), np.uint8)
    film.burn_in(grey, letter)
    rows, columns = np.nonzero(grey)
    assert rows.max() < 50
    assert ((columns >= 50) == right_half).all()


def test_a_shot_is_drawn_from_the_ranges_of_the_row():
    row = {"portable": 0, "rows_px": (9, 9), "columns_px": (9, 9), "field_of_view_mm": (1, 1)}
    row |= {"quanta": (5, 6), "scatter": (0.1, 0.2), "blur_mm": (1, 2), "gamma": (0.9, 1)}
    for share, any_edge in ((0.0, False), (1.0, True)):
        values = Radiography(**row, equalised=0, collimated=share, marker="L")
        drawn = film.draw_shot(values, np.random.default_rng(0))
        assert 5 <= drawn.quanta <= 6
        assert 0.1 <= drawn.scatter <= 0.2
        assert 1 <= drawn.blur_mm <= 2
        assert 0.9 <= drawn.gamma <= 1
        assert any(drawn.shutters) == any_edge
