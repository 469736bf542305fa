"""missing: unknown fields are counted by site and class, exclusions by reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from elsewhere.design.job import Job
from elsewhere.figures.missing import COLUMNS, EXCLUDED, FIELD, FIELDS

Texts = Callable[[Path], list[str]]


def test_unknown_fields_are_those_of_the_manifest(drawn: Job) -> None:
    written = pd.read_csv(drawn.outputs["figures"] / "missing.csv")
    assert tuple(written.columns) == COLUMNS
    fields = written[written["what"] == FIELD]
    assert len(fields) == 4 * 2 * len(FIELDS)
    for line in fields.to_dict("records"):
        scans = pd.read_parquet(drawn.paths("manifest")[line["site"]])
        # DICOM knows the sex of two scans of three; no site knows kernel or contrast
        dicom = (scans["source_format"] == "DICOM").all()
        known = {"sex", "age", "thickness", "scanner"} if dicom else set()
        label = int(line["class"] == "COVID-19 positive")
        of_class = scans[scans["label"] == label]
        assert line["of"] == len(of_class)
        if line["name"] == "sex" and known:
            assert line["count"] == (of_class["sex"] == "unknown").sum()
        else:
            assert line["count"] == (0 if line["name"] in known else len(of_class))


def test_what_was_set_aside_is_no_exclusion(drawn: Job) -> None:
    written = pd.read_csv(drawn.outputs["figures"] / "missing.csv")
    excluded = written[(written["what"] == EXCLUDED) & (written["site"] == "utsw-synthetic")]
    assert dict(zip(excluded["name"], excluded["count"], strict=True)) == {"gap": 2, "no_label": 1}
    assert (excluded["of"] == 15).all()  # three rejected and twelve scans


def test_a_site_that_is_not_here_says_so(drawn_absent: Job, svg_texts: Texts) -> None:
    shown = svg_texts(drawn_absent.outputs["figures"] / "missing.svg")
    assert shown.count("no data here") == 1
    assert "nan" not in " ".join(shown)
