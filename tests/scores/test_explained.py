from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from elsewhere.scores import explained


@pytest.fixture
def tables():
    image = np.arange(6, dtype=np.uint8).tobytes()
    shown = {
        "site": "here", "scan_id": "ab", "label": 1, "outcome": "true positive",
        "probability_1": 0.75, "slice": 3, "rows": 2, "columns": 3, "image": image, "heat": image,
        "against": False,
    }  # fmt: skip
    place = {"site": "here", "scan_id": "ab", "label": 1, "x": 0.5, "y": -1.0}
    places = [place | {"components": np.array([1.5, 2.5], np.float32)}]
    return pd.DataFrame([shown] * 2), pd.DataFrame(places)


def write(tables, folder):
    gallery, places = tables
    folder.mkdir(exist_ok=True)
    explained.write(gallery, folder / "gallery.parquet", schema=explained.GALLERY)
    explained.write(places, folder / "embeddings.parquet", schema=explained.EMBEDDINGS)
    (folder / "explained.json").write_text(json.dumps({"status": "ok"}))


def read(folder):
    return explained.read(
        folder / "explained.json",
        gallery=folder / "gallery.parquet",
        embeddings=folder / "embeddings.parquet",
    )


def test_what_was_written_is_read(tables, tmp_path) -> None:
    write(tables, tmp_path)
    found = read(tmp_path)
    assert found.record == {"status": "ok"}
    pd.testing.assert_frame_equal(found.gallery, tables[0])
    assert list(found.embeddings["components"][0]) == [1.5, 2.5]
    assert dict(found.embeddings[["x", "y"]].loc[0]) == {"x": 0.5, "y": -1.0}


def test_columns_in_any_order_give_equal_bytes(tables, tmp_path) -> None:
    write(tables, tmp_path / "one")
    write([table[table.columns[::-1]] for table in tables], tmp_path / "two")
    for name in ("gallery.parquet", "embeddings.parquet"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_empty_tables_keep_their_columns(tables, tmp_path) -> None:
    write([pd.DataFrame(columns=table.columns) for table in tables], tmp_path)
    found = read(tmp_path)
    assert list(found.gallery.columns) == explained.GALLERY.names
    assert list(found.embeddings.columns) == explained.EMBEDDINGS.names
    assert found.gallery.empty
    assert found.embeddings.empty


def test_other_columns_are_refused(tables, tmp_path) -> None:
    with pytest.raises(ValueError, match="expected"):
        explained.write(tables[0], tmp_path / "a.parquet", schema=explained.EMBEDDINGS)
    write(tables, tmp_path)
    tables[0].to_parquet(tmp_path / "embeddings.parquet")
    with pytest.raises(ValueError, match=r"embeddings\.parquet: got the schema"):
        read(tmp_path)
