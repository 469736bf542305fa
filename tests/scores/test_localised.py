"""localised: what is kept of the maps of a site."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from elsewhere.design.scoring import Scoring
from elsewhere.scores import explained, localised
from elsewhere.scores.localisation import AUC, POINTING, Agreement
from elsewhere.scores.localised import ALL, EXAMPLES, NOT_SEEN, RIGHT, SiteLocalised

SCORING = Scoring(threshold_from="argmax", confidence=0.95, bootstrap=200, seed=0)


def found(pointing: float, auc: float) -> Agreement:
    return Agreement(pointing=pointing, auc=auc, chance=0.1, iou=(0.2,) * 9)


@pytest.fixture
def site() -> SiteLocalised:
    """Three patients; the second has two scans, and of the third no lesion was seen."""
    scans = pd.DataFrame({"scan_id": ["a", "b", "c", "d"], "patient_id": ["p", "q", "q", "r"]})
    scans = scans.assign(label=[1, 1, 1, 2], call=[1, 1, 2, 2], empty=[False, False, True, False])
    agreements = (found(1, 0.9), found(0, 0.6), found(0, 0.5), None)
    return SiteLocalised("here", {"used": 4}, scans, agreements, layer="last")


def test_a_scan_has_its_numbers_or_the_reason_why_not(site: SiteLocalised) -> None:
    rows = [*site.rows()]
    assert [row["scan_id"] for row in rows] == ["a", "b", "c", "d"]
    assert [row["right"] for row in rows] == [1, 1, 0, 1]
    assert [row.get(AUC) for row in rows] == [0.9, 0.6, 0.5, None]
    assert rows[3]["reason"] == NOT_SEEN
    assert set().union(*rows) <= {*localised.SCANS}


def test_numbers_are_of_all_and_of_rightly_called_scans(site: SiteLocalised) -> None:
    summary = site.summary(SCORING)
    assert (summary["not_seen"], summary["empty"], summary["absent"]) == (1, 1, None)
    rows = {(row["scans"], row["quantity"]): row for row in summary["rows"]}
    assert rows[ALL, POINTING]["value"] == pytest.approx(1 / 3)
    assert (rows[ALL, POINTING]["n_scans"], rows[ALL, POINTING]["n_patients"]) == (3, 2)
    assert rows[RIGHT, AUC]["value"] == pytest.approx(0.75)
    # of two patients the resampled mean is that of one, of the other, or of all
    low, high = rows[ALL, AUC]["low"], rows[ALL, AUC]["high"]
    assert (low, high) == pytest.approx((0.55, 0.9))


def test_a_site_without_scans_says_why() -> None:
    none = SiteLocalised("here", {"no_scan": 2}, pd.DataFrame(), reason="no test scan")
    assert [*none.rows()] == []
    assert none.summary(SCORING)["absent"] == "no test scan"
    assert none.summary(SCORING)["rows"] == []


def test_what_is_written_is_read(tmp_path: Path) -> None:
    pixels = np.arange(6, dtype=np.uint8).tobytes()
    row = {"site": "here", "scan_id": "a", "label": 1, "call": 1, "rows": 2, "columns": 3}
    frame = pd.DataFrame([row | dict.fromkeys(("image", "heat", "lesion"), pixels)])
    explained.write(frame, tmp_path / "examples", schema=EXAMPLES)
    (tmp_path / "record").write_text('{"status": "ok"}')
    read = localised.read(tmp_path / "record", examples=tmp_path / "examples")
    pd.testing.assert_frame_equal(read.examples, frame)
    frame[["site"]].to_parquet(tmp_path / "other")
    with pytest.raises(ValueError, match="got the schema"):
        localised.read(tmp_path / "record", examples=tmp_path / "other")
