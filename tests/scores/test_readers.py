"""readers: each reader, their mean and their vote against the paper's numbers and plain counts."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from elsewhere.design.scoring import Scoring
from elsewhere.scores import readers
from elsewhere.scores.readers import DIFFERENCE, MEAN, MODEL, VOTE, ReadersError, Reading

CLASSES = ("healthy", "COVID-19", "other viral", "bacterial")
SCORING = Scoring(threshold_from="argmax", confidence=0.95, bootstrap=200, seed=0)
# C-29, C-30: 80 COVID-19 patients and 160 others; right calls of the model and of six readers
SENSITIVITY = (97.5, 87.5, 90, 55, 80, 67.5, 93.75)
SPECIFICITY = (89.375, 91.875, 96.875, 88.75, 95, 88.125, 79.375)
YEARS = (18.0, 9.0, 9.0, 8.0, 4.0, 4.0)


def published() -> Reading:
    """Return calls that have the paper's sensitivities and specificities."""
    truth = np.repeat([1, 0], [80, 160])
    calls = np.zeros((7, 240), np.int64)
    for row, share, other in zip(calls, SENSITIVITY, SPECIFICITY, strict=True):
        row[: round(share / 100 * 80)] = 1
        row[240 - round((100 - other) / 100 * 160) :] = 1
    names = tuple(f"reader {number}" for number in range(1, 7))
    return Reading(CLASSES, truth.astype(np.int64), np.arange(240), calls, names, YEARS)


def rows(study: Reading, **wanted: str) -> pd.DataFrame:
    found = pd.DataFrame(readers.table(study, scoring=SCORING))
    for column, value in wanted.items():
        found = found[found[column] == value]
    return found.set_index("who")


def test_the_papers_readers_have_the_papers_numbers() -> None:
    found = rows(published(), **{"class": "COVID-19", "quantity": "sensitivity"})
    assert found["value"][MODEL] == 0.975
    assert found["value"][MEAN] == pytest.approx(0.79, abs=0.005)
    assert found["n_positive"].unique().tolist() == [80]
    assert [*found["years"][1:7]] == [*YEARS]
    specific = rows(published(), **{"class": "COVID-19", "quantity": "specificity"})
    assert specific["value"][MEAN] == pytest.approx(0.90, abs=0.005)
    assert specific["value"]["reader 6"] == 0.79375
    low, value, high = found.loc[DIFFERENCE, ["low", "value", "high"]]
    assert low < value < high
    assert value == pytest.approx(found["value"][MEAN] - 0.975)
    # mean reader and model differ by 18.5 points, of readers who range over 39
    assert 0.005 < found["p"][DIFFERENCE] < 0.05
    assert found["method"][DIFFERENCE] == "Obuchowski-Rockette, Hillis"


def test_a_vote_is_that_of_most_readers_and_of_the_experienced_where_they_are_equal() -> None:
    calls = np.array([[0, 1, 2], [0, 1, 3], [1, 2, 0], [0, 2, 1]])
    assert readers.vote(calls, years=(1, 1, 5, 1)).tolist() == [0, 2, 0]
    # equal votes and years: the first class in the order of the study
    assert readers.vote(calls, years=(1, 1, 1, 1)).tolist() == [0, 1, 0]
    assert readers.vote(calls, years=(np.nan, 2, 1, np.nan)).tolist() == [0, 1, 3]


def test_a_class_that_no_scan_has_is_undefined_and_says_so() -> None:
    found = rows(published(), **{"class": "bacterial", "quantity": "sensitivity"})
    assert found["value"].isna().all()
    assert found["reason"].notna().all()
    covid_only = published()
    one = covid_only.truth == 1
    only = Reading(
        CLASSES,
        covid_only.truth[one],
        covid_only.patients[one],
        covid_only.calls[:, one],
        covid_only.readers,
        YEARS,
    )
    sensitivity = rows(only, **{"class": "COVID-19", "quantity": "sensitivity"})  # C-32
    assert sensitivity["value"][MODEL] == 0.975
    assert np.isfinite(sensitivity["p"][DIFFERENCE])
    specificity = rows(only, **{"class": "COVID-19", "quantity": "specificity"})
    assert specificity["reason"][MEAN] == "no test scan is negative"
    assert specificity["value"][VOTE] is None or np.isnan(specificity["value"][VOTE])


def table_of_calls(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(("scan_id,reader,years,called", *lines)) + "\n")
    return path


def test_only_scans_that_all_called_are_compared(tmp_path: Path) -> None:
    path = table_of_calls(
        tmp_path / "readers.csv",
        *("a,2,4,0", "b,2,4,1", "c,2,4,0"),
        *("a,1,18,0", "c,1,18,3", "z,1,18,0"),
    )
    calls = readers.read(path, classes=CLASSES)
    scans = pd.DataFrame(
        {
            "scan_id": ["c", "b", "a"],
            "patient_id": ["p", "q", "p"],
            "label": [3, 1, 0],
            "called": [3, 1, 1],
        }
    )
    found = readers.reading(calls, scans, classes=CLASSES)
    assert found.readers == ("reader 1", "reader 2")
    assert found.years == (18.0, 4.0)
    assert found.truth.tolist() == [0, 3]
    assert found.patients.tolist() == [0, 0]
    assert found.calls.tolist() == [[1, 3], [0, 3], [0, 0]]
    with pytest.raises(ReadersError, match="no test scan was called by all"):
        readers.reading(calls, scans.assign(scan_id=["x", "y", "z"]), classes=CLASSES)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a,1,4,4"], "got 4, but the study has 4 classes"),
        (["a,1,4,"], "got nan"),
        (["a,1,4,0", "a,1,4,3"], "reader 1 has two calls of scan a"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(
    lines: list[str], message: str, tmp_path: Path
) -> None:
    path = table_of_calls(tmp_path / "readers.csv", *lines)
    with pytest.raises(ReadersError, match=message) as raised:
        readers.read(path, classes=CLASSES)
    assert str(path) in str(raised.value)


def test_a_table_without_a_column_is_refused(tmp_path: Path) -> None:
    (tmp_path / "readers.csv").write_text("scan_id,reader,called\na,1,0\n")
    with pytest.raises(ReadersError, match="expected"):
        readers.read(tmp_path / "readers.csv", classes=CLASSES)


def test_a_model_calls_the_most_probable_class() -> None:
    rows = pd.DataFrame(
        {
            "scan_id": ["a"] * 4 + ["b"] * 4,
            "patient_id": ["p"] * 4 + ["q"] * 4,
            "finding": [*CLASSES] * 2,
            "label": [0, 1, 0, 0, 0, 0, 0, 1],
            "fold": 0,
            "seed": 0,
            "probability_1": [0.2, 0.3, 0.3, 0.2, 0.1, 0.1, 0.2, 0.6],
        }
    )
    found = readers.called(rows, classes=CLASSES)
    assert found.to_dict("list") == {
        "scan_id": ["a", "b"],
        "patient_id": ["p", "q"],
        "label": [1, 3],
        "called": [1, 3],
    }
    two = rows[rows["finding"] == "COVID-19"].assign(probability_1=[0.5, 0.6])
    assert readers.called(two, classes=("no", "yes"))["called"].tolist() == [0, 1]
