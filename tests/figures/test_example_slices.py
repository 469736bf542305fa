from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from elsewhere.design.job import Job

Texts = Callable[[Path], list[str]]


def test_what_is_missing_is_said(drawn: Job, drawn_absent: Job, svg_texts: Texts) -> None:
    assert svg_texts(drawn.outputs["figures"] / "example_slices.svg").count("no such scan") == 2
    shown = svg_texts(drawn_absent.outputs["figures"] / "example_slices.svg")
    assert shown.count("no data here") == 4


def test_no_key_of_a_scan_or_patient_is_shown(drawn: Job) -> None:
    svg = (drawn.outputs["figures"] / "example_slices.svg").read_text()
    assert "abababababab" not in svg
    assert "cdcdcdcdcdcd" not in svg


def test_two_slices_of_each_class_and_site_are_drawn(drawn: Job) -> None:
    svg = (drawn.outputs["figures"] / "example_slices.svg").read_text()
    assert svg.count("<image ") == 4 * 4 - 2
    pixels = np.asarray(Image.open(drawn.outputs["figures"] / "example_slices.png").convert("L"))
    assert pixels.std() > 20
