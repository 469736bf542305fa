from __future__ import annotations

import csv
import dataclasses
from pathlib import Path
from xml.etree import ElementTree

import pytest

from elsewhere.design.arm import Arm
from elsewhere.design.job import Job
from elsewhere.design.site import Site
from elsewhere.figures.results import Named, Results, gather
from elsewhere.steps.figure import Settings


def test_rows_and_columns_keep_their_declared_order(nguyen: Results) -> None:
    assert [column.title for column in nguyen.columns] == [
        "UTSW",
        "CC-CCII",
        "COVID-CTset",
        "MosMedData",
    ]
    single, multi = nguyen.groups()
    assert [row.label for row in single] == ["UTSW", "CC-CCII", "COVID-CTset"]
    assert multi[-1].label == "UTSW + CC-CCII + COVID-CTset + MosMedData"
    assert len(nguyen.cells) == 36


def test_own_cells_are_those_of_the_training_sites(nguyen: Results) -> None:
    own = [(r.name, c.name) for r in nguyen.rows for c in nguyen.columns if nguyen.own(r, c)]
    assert len(own) == 3 + 3 * 2 + 3 + 3 + 4
    assert ("utsw_covid-ctset", "covid-ctset") in own
    assert ("utsw_covid-ctset", "cc-ccii") not in own


def test_a_site_without_patient_keys_is_starred_and_noted(contrastive: Results) -> None:
    starred, plain = contrastive.columns
    assert contrastive.heading(starred) == "SARS-CoV-2 CT *"
    assert contrastive.heading(plain) == "COVID-CT"
    (note,) = [note for note in contrastive.notes() if "no patient keys published" in note]
    assert note.endswith("so intervals are too narrow and p too small.")


def test_a_footnote_on_leakage_is_of_a_site_that_was_in_training(contrastive: Results) -> None:
    alone = [row for row in contrastive.rows if row.sites == ("site-b",)]
    (note,) = [
        note
        for note in dataclasses.replace(contrastive, rows=tuple(alone)).notes()
        if "no patient keys" in note
    ]
    assert "no model was trained on its images" in note
    assert "in training and in test" not in note
    (note,) = [note for note in contrastive.notes() if "no patient keys" in note]
    assert "may be in training and in test where a model was trained on the site" in note


def test_a_missing_cell_is_an_error() -> None:
    site = Site(title="A", layout="x", privacy="public")
    with pytest.raises(ValueError, match="one/a are missing"):
        gather(
            {"other/a": Path("x")},
            arms={"one": Arm(sites=("a",), method="erm", network="n")},
            sites={"a": site},
            site_rows={"a": "a"},
            named=Named("s", "t", ("no", "yes"), 0.95),
        )


def test_an_arm_has_its_title_and_never_hides_that_it_was_chosen_on_test(
    contrastive: Results,
) -> None:
    labels = {row.name: row.label for row in contrastive.rows}
    assert labels["joint"] == "Joint (Redesign)"
    assert labels["joint-on-test"] == "Joint (Redesign) (optimistic: chosen on test)"
    assert len(set(labels.values())) == len(labels)


def test_the_mark_of_an_optimistic_arm_is_never_cut(contrastive: Results) -> None:
    rows = {row.name: row for row in contrastive.rows}
    assert rows["contrastive-on-test"].short(45) == "SepNorm + … (optimistic: chosen on test)"
    assert rows["joint"].short(45) == "Joint (Redesign)"
    assert rows["joint"].short(9) == "Joint …"


def test_every_model_counts_once_as_it_was_trained_and_chosen(
    nguyen: Results, contrastive: Results
) -> None:
    left = {row.name for row in contrastive.rows if not row.counted}
    assert left == {
        *(f"contrastive-{how}" for how in ("mean", "nearest", "test-time", "ensemble", "on-test")),
        "joint-on-test",
    }
    assert len(contrastive.counted()) == 2 * (17 - 6)
    assert len(nguyen.counted()) == len(nguyen.cells)


def test_what_is_pooled_is_told_by_folds_and_seeds(
    nguyen: Results, contrastive: Results, compared: tuple[Job, Settings]
) -> None:
    assert nguyen.pooling == ""
    assert contrastive.pooling.startswith("A cell has a model of each fold: its AUC is the mean")
    single = "A cell has a model of each fold and seed: its AUC is the mean of theirs"
    for name in ("matrix", "roc_panels", "roc_multi_site"):
        svg = compared[0].outputs["figures"] / f"{name}.svg"
        texts = ElementTree.parse(svg).iter("{http://www.w3.org/2000/svg}text")
        assert single in " ".join("".join(one.itertext()).strip() for one in texts), name


def test_every_line_of_every_table_says_what_is_synthetic_and_optimistic(
    compared: tuple[Job, Settings], drawn_absent: Job
) -> None:
    """A table travels without its figure: the band at the top and the label go with its lines."""
    for job, invented in ((compared[0], {"yes", "True"}), (drawn_absent, {"no", "False"})):
        paths = sorted(job.outputs["figures"].glob("*.csv"))
        assert {"published.csv", "arms_table.csv", "embeddings.csv"} <= {p.name for p in paths}
        for path in paths:
            with path.open(encoding="utf-8", newline="") as file:
                lines = list(csv.DictReader(file))
            assert lines
            assert {line["synthetic"] for line in lines} <= invented, path.name
            for line in lines:
                if line.get("arm", "").endswith("-on-test"):
                    assert "optimistic" in line["label"]
    assert (compared[0].outputs["figures"] / "comparisons.csv").is_file()
