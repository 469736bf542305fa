"""fields: columns are made of what varies, and of nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from elsewhere.cohorts import fields
from elsewhere.imaging import profile, signature


def test_numbers_become_ranges_of_equal_counts_and_unknown_is_one_more() -> None:
    frame = pd.DataFrame({"noise_air": np.arange(90.0), "noise_lung": 1.0, "edge_px": np.nan})
    frame.loc[80:, "noise_air"] = np.nan
    names, columns = fields.encoded(frame, "texture", seed=0)
    assert names == ["noise_air"]
    assert sorted(columns.sum(axis=0)) == [10] * (fields.LEVELS + 1)


def test_a_field_that_is_known_of_some_scans_only_varies() -> None:
    frame = pd.DataFrame({"noise_air": [5.0, np.nan] * 9, "noise_lung": 1.0, "edge_px": np.nan})
    names, columns = fields.encoded(frame, "texture", seed=0)
    assert names == ["noise_air"]
    assert columns[:, 0].tolist() in ([1, 0] * 9, [0, 1] * 9)


def test_thumbnails_of_two_shapes_are_apart_in_one_component() -> None:
    rng = np.random.default_rng(0)
    shapes = rng.normal(0, 20, (2, signature.LENGTH))
    rows = shapes[np.arange(40) % 2] + rng.normal(0, 1, (40, signature.LENGTH))
    packed = [row.astype(np.int8).tobytes() for row in rows]
    names, columns = fields.encoded(pd.DataFrame({"signature": packed}), "thumbnail", seed=0)
    assert (names, columns.shape) == (["thumbnail"], (40, fields.COMPONENTS))
    assert columns[:, 0].std() == pytest.approx(1)
    assert len({*(columns[::2, 0] > 0), *(columns[1::2, 0] < 0)}) == 1
    alike = pd.DataFrame({"signature": packed[:1] * 9})
    assert fields.encoded(alike, "thumbnail", seed=0)[0] == []


def test_greys_are_measured_on_the_scale_of_each_scan() -> None:
    counts = np.zeros(profile.BINS, int)
    counts[:50] = 1
    row = {name: 0.0 for group in fields.VOXELS.values() for name in group.numbers}
    rows = [
        {"scan_id": scan, "signature": b"", "histogram": counts, "value_scale": scale}
        | {name: value for name, value in row.items() if name not in fields.QUANTILES}
        for scan, scale in (("a", "HU"), ("b", "0-255"))
    ]
    found = fields.measured(pd.DataFrame(rows)).set_index("scan_id")
    assert found["grey_50"].tolist() == [-1200 + 25 * 20, 25 * 2]
    assert {*found.columns} == {"signature", *row}
    assert len(fields.measured(pd.DataFrame(rows).iloc[:0])) == 0
