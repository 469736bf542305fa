from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from elsewhere.design.job import Job
from elsewhere.figures import matrix, style
from elsewhere.figures.results import Results

Texts = Callable[[Path], list[str]]


def test_every_cell_shows_its_number_and_interval(
    nguyen: Results, tmp_path: Path, svg_texts: Texts
) -> None:
    matrix.draw(nguyen, tmp_path)
    shown = svg_texts(tmp_path / "matrix.svg")
    wanted = []
    for row in nguyen.rows:
        for column in nguyen.columns:
            pooled = nguyen.cell(row, column)["pooled"]
            if pooled["auc"] is None:
                wanted.append("undefined: one class")
            else:
                wanted += [
                    f"{pooled['auc']:.2f}",
                    f"{pooled['auc_low']:.2f}–{pooled['auc_high']:.2f}",
                ]
    start = shown.index(wanted[0])
    cells = [text for text in shown[start:] if text in set(wanted)]
    assert sorted(cells) == sorted(wanted)
    assert (tmp_path / "matrix.png").stat().st_size > 0


def test_undefined_is_never_shown_as_zero(drawn: Job, svg_texts: Texts) -> None:
    shown = svg_texts(drawn.outputs["figures"] / "matrix.svg")
    assert shown.count("undefined: one class") == 3  # MosMed, every model
    assert "0.00" not in shown
    assert "nan" not in " ".join(shown).lower()


def test_own_sites_are_framed(nguyen: Results, tmp_path: Path) -> None:
    matrix.draw(nguyen, tmp_path)
    own = sum(nguyen.own(row, column) for row in nguyen.rows for column in nguyen.columns)
    frames = (tmp_path / "matrix.svg").read_text().count("stroke-width: 2.6")
    assert frames == own + 1  # and the key


def test_a_cell_that_was_not_run_says_so(drawn_absent: Job, svg_texts: Texts) -> None:
    shown = svg_texts(drawn_absent.outputs["figures"] / "matrix.svg")
    # site B of the arm of site A, and both sites of the four arms trained with site B
    assert shown.count("not run") == 1 + 4 * 2
    assert "no data here" in shown


def test_image_level_split_is_a_footnote(
    contrastive: Results, tmp_path: Path, svg_texts: Texts
) -> None:
    matrix.draw(contrastive, tmp_path)
    shown = svg_texts(tmp_path / "matrix.svg")
    assert "SARS-CoV-2 CT *" in shown
    site_a, site_b = (contrastive.column(column)["pooled"] for column in contrastive.columns)
    assert f"{site_a['n_scans']} images" in shown, "of an unknown number of patients"
    assert f"{site_b['n_patients']} patients, {site_b['n_positive_patients']} positive" in shown
    assert f"{site_b['n_scans']} scans, {site_b['n_positive']} positive" in shown
    assert "image-level split: no patient keys published" in " ".join(shown)


def test_long_titles_of_sites_do_not_run_into_each_other(
    nguyen: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Figure] = []
    monkeypatch.setattr(style, "save", lambda figure, *_: kept.append(figure))
    columns = tuple(
        dataclasses.replace(column, title=f"Tongji, Sino-French New City, {number}")
        for number, column in enumerate(nguyen.columns)
    )
    matrix.draw(dataclasses.replace(nguyen, columns=columns), tmp_path)
    (figure,) = kept
    boxes = [text.get_window_extent() for text in figure.findobj(Text) if "Sino" in text.get_text()]
    assert len(boxes) == len(columns)
    ordered = sorted(boxes, key=lambda box: box.x0)
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(ordered))
    counts = [t.get_window_extent() for t in figure.findobj(Text) if "positive" in t.get_text()]
    assert max(box.y1 for box in counts) < min(box.y0 for box in boxes)
