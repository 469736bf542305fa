"""Patients of each site by sex, age, class and severity, counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from elsewhere.figures import paper, patients
from elsewhere.figures.divided import Divided
from elsewhere.figures.results import Column

CLASSES = ("healthy", "COVID-19")
SCANS = [
    # patient, sex, age, class, category; one patient has two scans, one scan is in no part
    ("a", "F", 19.9, 0, "healthy"),
    ("b", "M", 20.0, 1, "COVID-19, I"),
    ("b", "M", 21.0, 1, "COVID-19, I"),
    ("c", "F", 85.0, 1, "COVID-19, II"),
    ("d", "unknown", float("nan"), 0, "healthy"),
    ("e", "M", 50.0, 0, "healthy"),
]


@pytest.fixture
def divided() -> Divided:
    names = ["patient_id", "sex", "age", "label", "category"]
    scans = pd.DataFrame(SCANS, columns=names).assign(patient_key="published", view="none")
    scans["scan_id"] = [str(number) for number in range(len(scans))]
    split = scans[["scan_id", "label"]].head(5)
    for label, name in enumerate(CLASSES):
        split[name] = (split["label"] == label).astype(int)
    twice = pd.concat([split.assign(fold=fold, part="train") for fold in (0, 1)])
    columns = tuple(Column(name, name, name.title(), True, True) for name in ("main", "sino"))
    empty = scans.head(0), twice.head(0)
    labels = {name: name for name in CLASSES}
    manifests = {"main": scans, "sino": empty[0]}
    return Divided(columns, manifests, {"main": twice, "sino": empty[1]}, labels, what="class")


def test_every_patient_of_the_split_counts_once(divided: Divided, tmp_path: Path) -> None:
    assert patients.draw(divided, tmp_path, known=[]) == ["patients"]
    table = pd.read_csv(tmp_path / "patients.csv", keep_default_na=False)
    of_all = table[table["site"] == "all"].set_index("name")["count"].to_dict()
    assert of_all == {
        "scans": 5, "patients": 4, "male": 1, "female": 2, "sex unknown": 1,
        "0 to 20 years": 1, "20 to 40 years": 1, "80 years and more": 1, "age unknown": 1,
        "healthy": 2, "COVID-19": 2, "COVID-19, I": 1, "COVID-19, II": 1,
    }  # fmt: skip
    assert table.loc[table["site"] == "sino", "count"].sum() == 0
    assert set(table.loc[table["below"] == "COVID-19", "name"]) == {"COVID-19, I", "COVID-19, II"}


def test_published_counts_stand_beside_ours(
    divided: Divided, tmp_path: Path, svg_texts: Callable[[Path], list[str]]
) -> None:
    """C-01 to C-03; sex and age sum to the patients, classes too."""
    known = paper.counts("ucadi")
    patients.draw(divided, tmp_path, known=known)
    shown = svg_texts(tmp_path / "patients.svg")
    assert {"Published", "1,276", "617", "444", "– COVID-19, II", "Main"} <= {*shown}
    table = pd.read_csv(tmp_path / "patients.csv", keep_default_na=False)
    (row,) = table[(table["site"] == "main") & (table["name"] == "patients")].to_dict("records")
    assert (row["published"], row["requirement"]) == ("800", "C-01")
    stated = {row["quantity"]: int(row["value"]) for row in known if row["site"] == "all"}
    for names in (("male", "female"), [name for name in stated if "years" in name]):
        assert sum(stated[name] for name in names) == stated["patients"]
    classes = ("healthy", "COVID-19", "other viral pneumonia", "bacterial pneumonia")
    assert sum(stated[name] for name in classes) == 1276
