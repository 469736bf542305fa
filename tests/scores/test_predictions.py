from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.scores.predictions import COLUMNS, PredictionsError, read, write

OK = {"status": "ok", "patient_key": "published", "selection": "validation accuracy"}
ABSENT = {"status": "not run", "reason": "site x has no data here"}


@pytest.fixture
def frame(rows):
    return pd.concat(
        [
            rows([0, 1, 1], [0.2, 0.7, 1.0], fold=1, passes=np.full((3, 2), 0.25)),
            rows([0, 1], [0.0, 0.9], part="validation", fold=1),
            rows([1, 0], [0.5, 0.4], fold=0, passes=np.full((2, 2), 0.5), prefix="u"),
        ],
        ignore_index=True,
    )


def test_what_was_written_is_read(frame, tmp_path):
    write(frame, tmp_path / "p.parquet", metadata=OK)
    found, metadata = read(tmp_path / "p.parquet")
    assert metadata == OK
    assert tuple(found.columns) == COLUMNS
    assert list(found["scan_id"]) == ["u0000", "u0001", "t0000", "t0001", "t0002", "v0000", "v0001"]
    by_scan = frame.set_index("scan_id").loc[found["scan_id"]]
    assert list(found["probability_1"]) == list(by_scan["probability_1"])
    assert [len(one) for one in found["mc_probability"]] == [2, 2, 2, 2, 2, 0, 0]


def test_equal_rows_in_any_order_give_equal_bytes(frame, tmp_path):
    write(frame, tmp_path / "a.parquet", metadata=OK)
    shuffled = frame.sample(frac=1, random_state=1)[list(reversed(COLUMNS))]
    write(shuffled, tmp_path / "b.parquet", metadata=dict(reversed(OK.items())))
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["a.parquet", "b.parquet"]


def test_an_absent_site_keeps_its_reason(frame, tmp_path):
    write(frame.iloc[:0], tmp_path / "p.parquet", metadata=ABSENT)
    found, metadata = read(tmp_path / "p.parquet")
    assert found.empty
    assert tuple(found.columns) == COLUMNS
    assert metadata == ABSENT


def test_columns_of_an_empty_table_may_be_untyped(tmp_path):
    write(pd.DataFrame(columns=list(COLUMNS)), tmp_path / "p.parquet", metadata=ABSENT)
    assert read(tmp_path / "p.parquet")[1] == ABSENT


def change(**values):
    def apply(frame):
        for name, value in values.items():
            frame[name] = frame[name].astype(object)
            frame.at[0, name] = value
        return frame

    return apply


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda f: f.drop(columns="seed"), r"missing: \['seed'\]"),
        (lambda f: f.assign(name="Doe"), r"unknown: \['name'\]"),
        (change(label=2), "label"),
        (change(label="covid"), "type"),
        (change(part="train"), "part"),
        (change(probability_1=0.9), "is not 1"),
        (change(probability_1=1.2, probability_0=-0.2), "within 0..1"),
        (change(probability_1=float("nan")), "empty values|within 0..1"),
        (change(patient_id=None), "patient_id"),
        (change(scan_id="t0001", label=1), "twice"),
        (change(scan_id="v0000"), "twice"),
        (change(scan_id="u0001", patient_id="other", label=0), "two patients"),
        (change(mc_probability=[0.5]), "passes"),
        (change(mc_probability=[0.5, 1.5]), "mc_probability"),
        (change(mc_probability=[0.5, None]), "mc_probability"),
        (change(part="validation"), "validation rows"),
    ],
)
def test_broken_rows_are_refused(frame, tmp_path, broken, said):
    with pytest.raises(PredictionsError, match=said) as error:
        write(broken(frame), tmp_path / "p.parquet", metadata=OK)
    assert "p.parquet" in str(error.value)
    assert not list(tmp_path.iterdir())


FINDINGS = ("edema", "consolidation")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(FINDINGS),
            st.sampled_from("ab"),
            st.sampled_from("pq"),
            st.integers(0, 1),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_a_scan_of_a_finding_has_one_patient_and_one_label(tmp_path_factory, drawn):
    """The rows of a scan that stands in several runs are compared, a finding at a time."""
    table = pd.DataFrame(drawn, columns=["finding", "scan_id", "patient_id", "label"])
    table = table.assign(
        fold=0,
        seed=range(len(table)),
        part="test",
        probability_0=0.5,
        probability_1=0.5,
        window_start=0,
        mc_probability=[[]] * len(table),
    )
    told = {one[:2]: {other[2:] for other in drawn if other[:2] == one[:2]} for one in drawn}
    torn = [one for one in drawn if len(told[one[:2]]) > 1]
    path = tmp_path_factory.mktemp("predictions") / "p.parquet"
    metadata = {**OK, "findings": ";".join(FINDINGS)}
    if torn:
        with pytest.raises(PredictionsError, match=f"two labels: {len(torn)} rows") as error:
            write(table, path, metadata=metadata)
        assert str(error.value).split("scan ")[-1] in {one[1] for one in torn}
    else:
        write(table, path, metadata=metadata)
        assert len(read(path)[0]) == len(drawn)


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({}, "status is None"),
        ({"status": "done"}, "'done'"),
        ({"status": "ok"}, "patient_key"),
        ({"status": "not run"}, "reason"),
        (ABSENT, "expected 0"),
    ],
)
def test_broken_metadata_is_refused(frame, tmp_path, metadata, said):
    with pytest.raises(PredictionsError, match=said):
        write(frame, tmp_path / "p.parquet", metadata=metadata)


def test_a_foreign_schema_is_refused_on_reading(frame, tmp_path):
    write(frame, tmp_path / "p.parquet", metadata=OK)
    table = pq.read_table(tmp_path / "p.parquet")
    narrow = table.set_column(2, "label", table["label"].cast("int8"))
    pq.write_table(narrow, tmp_path / "q.parquet")
    with pytest.raises(PredictionsError, match="schema"):
        read(tmp_path / "q.parquet")


def test_tampered_values_are_refused_on_reading(frame, tmp_path):
    write(frame, tmp_path / "p.parquet", metadata=OK)
    table = pq.read_table(tmp_path / "p.parquet")
    pq.write_table(table.replace_schema_metadata({"status": "ok"}), tmp_path / "q.parquet")
    with pytest.raises(PredictionsError, match="patient_key"):
        read(Path(tmp_path / "q.parquet"))
