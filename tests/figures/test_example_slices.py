from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from elsewhere.design.job import Job
from elsewhere.figures.example_slices import ExampleSlices
from elsewhere.figures.given import Given
from elsewhere.figures.scans import Lesions, lesions

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


def test_arrows_point_to_outlined_lesions_in_their_slice_a59(
    study_of: Callable[..., Any], tmp_path: Path, svg_texts: Texts
) -> None:
    """One scan has a mask; its slice is black but for the lesion, and is no middle slice."""
    job, settings = study_of(tmp_path, arms=("utsw",))
    plain = Given(job, settings)
    row, scans = next((row, scans) for row, scans in plain.scans.items() if len(scans.table))
    chosen = scans.table[scans.table["label"] == 1].iloc[0]
    account = tmp_path / "outlined.csv"
    account.write_text(
        f"scan_id,reason,lesion_slice,lesion_at\n{chosen['scan_id']},,0,3 4;9 2\n,no_scan,,\n"
    )
    assert lesions(account) == {chosen["scan_id"]: Lesions(0, ((3, 4), (9, 2)))}
    inputs = {**job.inputs, "outlined": {row: account}}
    masked = Given(type(job)(job.name, job.wildcards, inputs, job.outputs), settings)
    counts = {}
    for name, given in {"plain": plain, "masked": masked}.items():
        ExampleSlices().draw(given, tmp_path / name)
        svg = tmp_path / name / "example_slices.svg"
        counts[name] = svg.read_text().count("fill: #b2182b")
        said = any("Red arrows" in text for text in svg_texts(svg))
        assert said == (name == "masked")
    assert counts == {"plain": 0, "masked": 2}
    assert images(tmp_path / "plain") != images(tmp_path / "masked"), "another slice"


def images(folder: Path) -> list[str]:
    return re.findall(
        r'data:image/png;base64,([^"]+)"', (folder / "example_slices.svg").read_text()
    )
