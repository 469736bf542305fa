import gzip
from pathlib import Path

import pandas as pd
import pytest

from elsewhere.design import params
from elsewhere.sites.layout import LayoutError, LeftOut, Scan
from elsewhere.sites.mimic_cxr_jpg import MimicCxrJpg

POLICY = params.load(Path(__file__).parents[1] / "params").intakes["strict"]
FIRST = "files/p10/p10000032/s50414267/02aa804e-bde0afdd.jpg"


def found(root, **options):
    return list(MimicCxrJpg(**options).scans(root, POLICY))


def scans(root, **options):
    return [one for one in found(root, **options) if isinstance(one, Scan)]


def reasons(root, **options):
    return {one.path: one.reason for one in found(root, **options) if isinstance(one, LeftOut)}


def at(root, name):
    return root / f"mimic-cxr-2.0.0-{name}.csv.gz"


def change(root, name, edit):
    frame = pd.read_csv(at(root, name), dtype=str, keep_default_na=False)
    edit(frame).to_csv(at(root, name), index=False)


def test_an_image_is_a_radiograph_with_the_findings_of_its_study(published):
    """B-04, B-05."""
    read = scans(published("mimic_cxr_jpg"))
    assert [(one.name, one.patient, one.view, one.publisher_part, one.date) for one in read] == [
        ("02aa804e-bde0afdd", "10000032", "PA", "train", "21800506"),
        ("174413ec-4ec4c1f7", "10000032", "lateral", "train", "21800506"),
        ("2a2277a9-b0ded155", "10000032", "unknown", "train", "21800626"),
        ("68b5c4b1-227d0485", "11000935", "AP", "validation", "21340101"),
        ("f1a2b3c4-00000001", "19999987", "unknown", "test", "21451102"),
    ]
    assert read[0].path == FIRST
    assert [one.findings["edema"] for one in read] == [
        "positive",
        "positive",
        "uncertain",
        "negative",
        "blank",
    ]
    assert all(len(one.findings) == 14 for one in read)
    assert {(one.label, one.sex) for one in read} == {(None, "unknown")}


@pytest.mark.parametrize(("written", "view"), [("LL", "lateral"), ("ap", "AP"), ("LAO", "unknown")])
def test_views(published, written, view):
    root = published("mimic_cxr_jpg")
    change(root, "metadata", lambda frame: frame.assign(ViewPosition=written))
    assert {one.view for one in scans(root)} == {view}


def test_the_official_test_part_alone(published):
    """B-04: images of other parts are set aside where they are, and not missed where not."""
    root = published("mimic_cxr_jpg")
    (root / FIRST).unlink()
    (row, scan) = sorted(found(root, parts=["test"]), key=lambda one: isinstance(one, Scan))
    assert scan.publisher_part == "test"
    assert (row.path, row.reason, len(row.files)) == ("files", "other_part", 3)
    assert reasons(root) == {FIRST: "missing"}


def test_a_study_without_findings_is_set_aside(published):
    root = published("mimic_cxr_jpg")
    change(root, "chexpert", lambda frame: frame[frame["study_id"] != "53189527"])
    (row,) = (one for one in found(root) if isinstance(one, LeftOut))
    assert (row.reason, row.verdict) == ("no_findings", "set aside")
    assert row.path == "files/p10/p10000032/s53189527/2a2277a9-b0ded155.jpg"


def test_studies_are_joined_by_subject_too(published):
    root = published("mimic_cxr_jpg")
    change(root, "chexpert", lambda frame: frame.replace({"subject_id": {"11000935": "1"}}))
    assert [*reasons(root).values()] == ["no_findings"]


def test_tables_and_disk_must_agree(published):
    root = published("mimic_cxr_jpg")
    (root / FIRST).rename(root / FIRST.replace("02aa", "ffff"))
    (root / FIRST.replace("files/", "")).parent.mkdir(parents=True)
    (root / FIRST.replace("files/", "")).touch()
    change(root, "split", lambda frame: frame[frame["dicom_id"] != "2a2277a9-b0ded155"])
    assert reasons(root) == {
        FIRST: "missing",
        FIRST.replace("02aa", "ffff"): "not_listed",
        "files/p10/p10000032/s53189527/2a2277a9-b0ded155.jpg": "not_listed",
    }
    assert len(scans(root)) == 3


def test_findings_that_cannot_be(published):
    root = published("mimic_cxr_jpg")
    change(root, "chexpert", lambda frame: frame.replace({"Edema": {"-1.0": "maybe"}}))
    assert [*reasons(root).values()] == ["bad_number"]
    change(root, "chexpert", lambda frame: pd.concat([frame, frame[:1].assign(Edema="0.0")]))
    assert sorted(reasons(root).values()) == ["bad_number", "label_conflict", "label_conflict"]


def test_a_part_that_is_none_stops_the_site(published):
    root = published("mimic_cxr_jpg")
    change(root, "split", lambda frame: frame.replace({"split": {"test": "SMITH"}}))
    with pytest.raises(LayoutError, match=r"split\.csv\.gz: 1 images are in no part") as error:
        found(root)
    assert "SMITH" not in str(error.value)


@pytest.mark.parametrize("name", ["metadata", "split", "chexpert"])
def test_each_table_is_needed_packed_or_plain(published, name):
    root = published("mimic_cxr_jpg")
    before = repr(found(root))
    plain = at(root, name).with_suffix("")
    plain.write_bytes(gzip.decompress(at(root, name).read_bytes()))
    at(root, name).unlink()
    assert repr(found(root)) == before
    plain.unlink()
    with pytest.raises(LayoutError, match=rf"{name}\.csv\.gz: no such table"):
        found(root)


def test_the_order_of_rows_does_not_show(published):
    root = published("mimic_cxr_jpg")
    before = repr(found(root))
    for name in ("metadata", "split", "chexpert"):
        change(root, name, lambda frame: frame[::-1])
    assert repr(found(root)) == before


def test_parts_are_the_publishers(published):
    with pytest.raises(ValueError, match="parts"):
        MimicCxrJpg(parts=["validation"])
    with pytest.raises(ValueError, match="parts"):
        MimicCxrJpg(parts=[])
