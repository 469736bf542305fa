from __future__ import annotations

from elsewhere.cohorts.cohort import SiteFiles
from elsewhere.methods.application import predicted
from elsewhere.methods.run import Run
from elsewhere.methods.site_explained import explain
from elsewhere.scores.outcomes import choose
from elsewhere.steps.predict import Settings


def test_a_site_is_explained_by_its_test_scans(
    files: SiteFiles, applied: Settings, model: Run
) -> None:
    rows = predicted(model, files, settings=applied).rows
    tested = rows[rows["part"] == "test"]
    drawn = choose(tested, scans=1, seed=0)
    found = explain(model, files, tested, settings=applied, drawn=drawn)
    assert found.reason is None
    assert found.embedded is not None
    assert len(found.embedded) == len(found.rows) == len(tested)
    assert found.gallery is not None
    assert found.gallery["scan_id"].tolist() == drawn["scan_id"].tolist()
    for example in found.gallery.to_dict("records"):
        pixels = example["rows"] * example["columns"]
        assert len(example["image"]) == len(example["heat"]) == pixels


def test_embeddings_follow_the_scans_whatever_the_order_of_the_rows(
    files: SiteFiles, applied: Settings, model: Run
) -> None:
    rows = predicted(model, files, settings=applied).rows
    tested = rows[rows["part"] == "test"]
    none = choose(tested, scans=1, seed=0).head(0)
    first = explain(model, files, tested, settings=applied, drawn=none)
    second = explain(model, files, tested.iloc[::-1], settings=applied, drawn=none)
    assert first.rows["scan_id"].tolist() == second.rows["scan_id"].tolist()
    assert first.embedded is not None
    assert second.embedded is not None
    assert (first.embedded == second.embedded).all()
