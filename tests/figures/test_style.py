from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from elsewhere.figures import style


def _draw(folder: Path, *, synthetic: bool) -> None:
    with style.look():
        page = style.sheet("A title", width=4, height=1, notes=("a note",), synthetic=synthetic)
        page.box(0, 0, (2, 1)).plot([0, 1], [0, 1])
        style.save(page.figure, folder, "one")


def test_the_same_figure_has_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        _draw(tmp_path / name, synthetic=True)
    for suffix in (".png", ".svg"):
        first, second = ((tmp_path / name / f"one{suffix}").read_bytes() for name in ("a", "b"))
        assert first == second


def test_the_band_is_there_if_and_only_if_the_data_are_synthetic(tmp_path: Path) -> None:
    for synthetic in (True, False):
        _draw(tmp_path / str(synthetic), synthetic=synthetic)
        svg = (tmp_path / str(synthetic) / "one.svg").read_text()
        assert (style.SYNTHETIC in svg) == synthetic
        pixels = np.asarray(Image.open(tmp_path / str(synthetic) / "one.png").convert("RGB"))
        assert (tuple(pixels[3, 3]) == (255, 176, 0)) == synthetic


def test_png_has_150_dots_an_inch(tmp_path: Path) -> None:
    _draw(tmp_path, synthetic=False)
    image = Image.open(tmp_path / "one.png")
    assert round(image.info["dpi"][0]) == 150
    assert image.size[0] == round((4 + 2 * style.MARGIN) * 150)


def test_chance_is_the_palest_colour_and_both_sides_differ() -> None:
    colours = style.auc_colours()
    lightness = [sum(colours(auc)[:3]) for auc in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert lightness.index(max(lightness)) == 2
    below, above = colours(0.1), colours(0.9)
    assert below[0] > below[2]
    assert above[2] > above[0]


def test_dark_ink_reads_on_every_colour_of_a_cell() -> None:
    def luminance(colour: tuple[float, ...]) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    ink = luminance(mpl.colors.to_rgb(style.INK))
    for colours in (style.auc_colours(), style.share_colours()):
        for share in np.linspace(0, 1, 21):
            contrast = (luminance(colours(float(share))) + 0.05) / (ink + 0.05)
            assert contrast > 4.5  # WCAG 2.1, AA


HOSTILE = ("$A_{", "$x^2$", "a $b_1$ \\frac{1}{", "100 % & <b>", "{}%s", "Zürich – Łódź")


@pytest.mark.parametrize("title", HOSTILE)
def test_any_title_is_drawn_as_it_is_written(tmp_path: Path, title: str) -> None:
    with style.look():
        page = style.sheet(title, width=6, height=1, notes=(title,), synthetic=False)
        axes = page.box(0, 0, (2, 1))
        axes.plot([0, 1], [0, 1], label=title)
        axes.set(title=title, xlabel=title, yticks=[0, 1], yticklabels=[title, "b"])
        axes.legend()
        style.save(page.figure, tmp_path, "one")
    written = [*ElementTree.parse(tmp_path / "one.svg").getroot().itertext()]
    assert sum(title in text for text in written) >= 6


def test_headings_of_neighbouring_columns_do_not_touch() -> None:
    page = style.sheet("Title", width=6, height=2, synthetic=False)
    titles = ("Tongji, Optical Valley", "Tongji, Sino-French New City", "Union")
    for number, title in enumerate(titles):
        page.headed(1 + 1.8 * number, 0.2, (title, "12 patients, 5 positive"), width=1.7)
    drawn = {text.get_text(): text for text in page.figure.texts}
    boxes = [drawn[title].get_window_extent() for title in titles]
    assert all(box.width <= 1.71 * page.figure.dpi for box in boxes)
    assert not boxes[0].overlaps(boxes[1])
    assert drawn["Union"].get_fontsize() == 10.5, "what fits stays as large as it is"
