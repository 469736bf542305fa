"""reviewed: a form and its key become Table 2, or the form says what is wrong with it (B-44)."""

import csv
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from elsewhere.commands.blinded import ReviewError
from elsewhere.commands.review import export
from elsewhere.commands.reviewed import table
from elsewhere.design.params import ParamsError
from elsewhere.figures import style
from elsewhere.scores.reader_study import ReadingError

FOLDER = Path("results/chest/review")
Key = Callable[[], pd.DataFrame]


def fill(*rows: str, path: Path = FOLDER / "review.csv") -> list[str]:
    """Write in the form: what stands behind each image, in order; return the images."""
    lines = (FOLDER / "review.csv").read_text().splitlines()
    images = [line.split(",")[0] for line in lines[1:]]
    said = [*rows, *[",,"] * (len(images) - len(rows))]
    text = "\n".join([lines[0], *(f"{a},{b}" for a, b in zip(images, said, strict=True))])
    path.write_text(text)
    return images


def read_csv(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_joins_reading_truth_and_probabilities(
    chest: Any, key: Key, caplog: pytest.LogCaptureFixture
) -> None:
    export(chest.params, "chest")
    images = fill("0.53,borderline,a lead", "0.44,no,", "0.58,yes,", ",borderline,rotated")
    with caplog.at_level(logging.INFO):
        table(chest.params, "chest")
    rows, known = read_csv("table_2.csv"), key()
    assert [row["image"] for row in rows] == images
    truth = {0: "No Cardiomegaly", 1: "Cardiomegaly"}
    assert [row["ground_truth"] for row in rows] == [truth[label] for label in known["label"]]
    for arm in ("dense", "inception"):
        stored = [float(row[f"probability_{arm}"]) for row in rows]
        assert stored == list(known[f"probability_{arm}"])
    assert all("wrong" in (row["call_dense"], row["call_inception"]) for row in rows)
    assert [row["ratio_says"] for row in rows] == [
        "borderline",
        "normal",
        "enlarged",
        "not measured",
        "not measured",
    ]
    assert [row["comment"] for row in rows] == ["a lead", "", "", "rotated", ""]
    assert {row["synthetic"] for row in rows} == {"yes"}
    first = read_csv("agreement.csv")[0]
    assert (first["quantity"], first["n"], first["of"]) == ("impression borderline", "2", "4")
    assert "impression borderline: 2 of 4 images" in caplog.text
    assert "1 of 5 images have an empty row" in caplog.text


def test_the_figure_shows_both_tables_and_says_synthetic(chest: Any) -> None:
    export(chest.params, "chest")
    fill("0.53,borderline,")
    table(chest.params, "chest")
    shown = (FOLDER / "table_2.svg").read_text()
    for words in (style.SYNTHETIC, "Published", "0.696", "P, InceptionResNetV2", "P, inception"):
        assert words in shown
    assert "0.496" not in (FOLDER / "table_2.csv").read_text()
    assert (FOLDER / "table_2.png").is_file()


def test_nothing_that_is_made_names_a_scan_or_patient(chest: Any) -> None:
    export(chest.params, "chest")
    fill("0.53,borderline,")
    table(chest.params, "chest")
    made = b"".join(path.read_bytes() for path in FOLDER.iterdir())
    for word in {*chest.scans["scan_id"], *chest.scans["patient_id"]}:
        assert word.encode() not in made


def test_a_form_from_elsewhere_is_taken(chest: Any, tmp_path: Path) -> None:
    export(chest.params, "chest")
    fill("0.61,yes,", path=tmp_path / "by mail.csv")
    table(chest.params, "chest", form=tmp_path / "by mail.csv")
    assert read_csv("table_2.csv")[0]["cardiothoracic_ratio"] == "0.61"


def test_mistakes_are_told_and_nothing_is_written(chest: Any) -> None:
    export(chest.params, "chest")
    fill('"0,52",maybe,', "1.2,,")
    with pytest.raises(ReadingError, match=r"(?s)row 2, .*decimal comma.*row 2, .*row 3, "):
        table(chest.params, "chest")
    assert not (FOLDER / "table_2.csv").exists()


def test_a_form_of_another_export_is_refused(chest: Any, tmp_path: Path) -> None:
    """The numbers would be the same, the images others."""
    export(chest.params, "chest")
    fill("0.61,yes,", path=tmp_path / "old.csv")
    chest.review["seed"] = 9
    export(chest.params, "chest")
    with pytest.raises(ReadingError, match=r"is no image of this review, .* of another export"):
        table(chest.params, "chest", form=tmp_path / "old.csv")


def test_predictions_that_changed_since_are_refused(chest: Any) -> None:
    export(chest.params, "chest")
    fill("0.53,borderline,")
    chest.predict("dense", seed=77)
    with pytest.raises(ReviewError, match="the predictions changed since these images were chosen"):
        table(chest.params, "chest")
    chest.predict("dense", seed=0)
    table(chest.params, "chest")


def test_settings_that_chose_other_images_are_refused(chest: Any) -> None:
    export(chest.params, "chest")
    fill("0.53,borderline,")
    chest.review["images"] = 4
    with pytest.raises(ReviewError, match=r"studies\.chest\.review changed since"):
        table(chest.params, "chest")


def test_the_band_may_change_after_reading(chest: Any) -> None:
    """It chooses no image: [AMB] B-44."""
    export(chest.params, "chest")
    fill("0.53,borderline,")
    chest.review["enlarged_from"] = 0.52
    table(chest.params, "chest")
    assert read_csv("table_2.csv")[0]["ratio_says"] == "enlarged"


def test_a_study_without_a_paper_has_its_own_table_alone(chest: Any) -> None:
    export(chest.params, "chest")
    fill("0.53,borderline,")
    chest.values["studies"]["chest"]["published"] = None
    table(chest.params, "chest")
    assert "Published" not in (FOLDER / "table_2.svg").read_text()


def test_of_another_finding_the_paper_has_no_table(chest: Any) -> None:
    chest.review.update(finding="edema", images=3)
    export(chest.params, "chest")
    fill(",yes,", ",no,")
    table(chest.params, "chest")
    shown = (FOLDER / "table_2.svg").read_text()
    assert "Published" not in shown
    assert {row["ratio_says"] for row in read_csv("table_2.csv")} == {"not measured"}
    assert read_csv("agreement.csv")[2]["share"] == ""


def test_without_a_key_nothing_is_known(chest: Any) -> None:
    with pytest.raises(ReviewError, match=r"no such key on this machine.*`elsewhere review chest`"):
        table(chest.params, "chest")
    del chest.values["studies"]["chest"]["review"]
    with pytest.raises(ParamsError, match=r"studies\.chest\.review is missing: say which finding"):
        table(chest.params, "chest")
