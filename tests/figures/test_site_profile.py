from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from elsewhere.design.job import Job
from elsewhere.figures import site_profile, style

Texts = Callable[[Path], list[str]]


def test_no_key_and_no_flagged_scan_is_shown(drawn: Job) -> None:
    """Twelve scans of six patients a site; the first scan is flagged, its patient has another."""
    svg = (drawn.outputs["figures"] / "site_profile.svg").read_text()
    assert "abababababab" not in svg
    assert "cdcdcdcdcdcd" not in svg
    assert svg.count("<image ") == 4 * 6


def test_scanners_scales_and_what_is_unknown_are_said(drawn: Job, svg_texts: Texts) -> None:
    shown = svg_texts(drawn.outputs["figures"] / "site_profile.svg")
    assert shown.count("SIEMENS: 12") == 2
    assert shown.count("scanner unknown: 12") == 2
    assert shown.count("HU") == shown.count("0-255") == 2
    assert shown.count("unknown") == 2
    assert [sum(text.startswith(f"{name}: ") for text in shown) for name in ("air", "tissue")] == [
        2,
        2,
    ]
    assert shown.count("slice distance, mm") == 4


def test_a_site_without_data_says_so(drawn_absent: Job, svg_texts: Texts) -> None:
    shown = svg_texts(drawn_absent.outputs["figures"] / "site_profile.svg")
    assert shown.count("no data here") == 1
    assert not any("SYNTHETIC" in words for words in shown)


def test_a_scan_of_findings_has_the_colour_of_neither_class() -> None:
    colours = [site_profile._colour({"label": label}) for label in (0, 1, pd.NA)]
    assert colours == [style.BLUE, style.ORANGE, style.MUTED]
