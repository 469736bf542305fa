"""What a person gets who asks: an answer, or a plain reason."""

import gzip
import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_project import ASKED_ARM, STUDY

from elsewhere.answers.answer import RESEARCH_ONLY, Refused, Wanted
from elsewhere.answers.asking import ask
from elsewhere.answers.process import Stopped
from elsewhere.answers.question import Question
from elsewhere.design import paths
from elsewhere.design.params import load
from elsewhere.sites import manifest


@pytest.fixture
def put(finished, tmp_path, monkeypatch):
    """Put files to the arm of the small project."""
    monkeypatch.chdir(finished)
    sent, work = tmp_path / "sent", tmp_path / "work"
    sent.mkdir()
    work.mkdir()

    def run(given=None, wanted=Wanted(STUDY, ASKED_ARM), **limits):  # noqa: B008
        found = load().serve.model_copy(update=limits)
        return ask(given or sent, wanted, work=work, limits=found)

    run.sent, run.work = sent, work
    return run


def claimed(side):
    """The header of a NIfTI file of int16, with sides of this length and no voxel."""
    header = bytearray(348)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, side, side, side, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, 4, 16)
    struct.pack_into("<8f", header, 76, 1, 1, 1, 1, 1, 1, 1, 1)
    struct.pack_into("<f", header, 108, 352)
    header[344:348] = b"n+1\0"
    return bytes(header) + bytes(4)


def test_what_is_no_scan_for_the_arm_gets_a_reason_and_no_probability(put):
    """Noise in colours, a single slice, a bomb of 70 TB and a text."""
    dice = np.random.default_rng(0)
    for name in ("photo", "slice"):
        (put.sent / name).mkdir()
    noise = dice.integers(0, 255, (600, 800, 3)).astype(np.uint8)
    Image.fromarray(noise).save(put.sent / "photo" / "noise.png")
    Image.fromarray(dice.integers(0, 255, (48, 48)).astype(np.uint8)).save(
        put.sent / "slice" / "1.png"
    )
    (put.sent / "huge.nii.gz").write_bytes(gzip.compress(claimed(32767)))
    (put.sent / "readme.txt").write_text("no scan", encoding="utf-8")
    for number in range(20):
        (put.sent / "stack").mkdir(exist_ok=True)
        grey = dice.integers(0, 255, (48, 48)).astype(np.uint8)
        Image.fromarray(grey).save(put.sent / "stack" / f"{number}.png")
    answer = put()
    reasons = {one.path: one.reason for one in answer.unused}
    assert reasons == {
        "photo": "too_short",
        "slice": "too_short",
        "huge.nii.gz": "too_large",
        "readme.txt": "document",
    }
    (stack,) = answer.scans  # twenty slices of noise
    assert not stack.answered
    failed = {check.name for check in stack.checks if not check.passed}
    assert "near in anatomy" in failed
    assert len(stack.refusals) == len(failed)
    assert not (put.work / "map-1.b2nd").exists()


def test_an_archive_is_asked_like_a_folder(put, asked, finished):
    """The same scan gets the answer that it got among many; no name of the archive is written."""
    known = {one.sha256: one for one in asked.answer.scans}
    row, scan = next(place for place in asked.scans.values() if place[0] == "mosmed-synthetic")
    rows = manifest.read(finished / paths.scans(row)["manifest"]).set_index("scan_id")
    raw = finished / "data/raw" / row / rows.loc[scan, "source_path"]
    archive = put.sent / "sent.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(raw, "/John Doe/CT.nii.gz")
        packed.writestr("John Doe/report.txt", "x")
        with io.BytesIO() as image:
            Image.fromarray(np.zeros((48, 48), np.uint8)).save(image, "PNG")
            packed.writestr("Jane Doe/one slice/1.png", image.getvalue())
    answer = put(archive)
    (told,) = answer.scans
    assert told.outputs == known[told.sha256].outputs
    named = {one.path for one in answer.unused}
    assert named == {"Jane Doe/one slice", "John Doe/report.txt"}
    assert [path for path in put.work.rglob("*") if "Doe" in str(path)] == []
    assert {path.name for path in put.sent.parent.iterdir()} == {"sent", "work"}


def test_a_single_file_is_asked_without_its_neighbours(put):
    for name in ("John Doe 1.png", "2.png"):
        Image.fromarray(np.zeros((48, 48), np.uint8)).save(put.sent / name)
    answer = put(put.sent / "John Doe 1.png")
    assert answer.files == 1
    assert [one.files for one in answer.unused] == [1]
    assert [path for path in put.work.rglob("*") if "Doe" in str(path)] == []


def test_what_a_person_must_know_is_said(asked):
    answer = asked.answer
    assert answer.notice == RESEARCH_ONLY
    assert answer.synthetic
    assert [place.title for place in answer.trained_on] == ["UTSW", "CC-CCII"]
    sites = {asked.scans[scan.sha256][0]: scan for scan in answer.scans}
    told = {site: " ".join(scan.cautions) for site, scan in sites.items()}
    assert all("no model of the arm learnt from it" in text for text in told.values())
    assert "begin with" in told["cc-ccii-synthetic"]
    assert "begin with" not in told["utsw-synthetic"]


def test_the_most_similar_scans_are_those_of_the_site(asked):
    """Each test scan is in the study itself, so that its own site has at least one vote."""
    for scan in asked.answer.scans:
        row, _ = asked.scans[scan.sha256]
        assert row in {one.site for one in scan.similar}
        assert sum(one.votes for one in scan.similar) == scan.similar[0].of


def test_too_many_files_are_refused_before_any_is_read(put):
    for number in range(3):
        (put.sent / f"{number}.txt").write_text("x", encoding="utf-8")
    with pytest.raises(Refused, match=r"serve\.files in params\.yaml"):
        put(files=2)
    assert list(put.work.iterdir()) == []


def test_an_empty_folder_is_named(put):
    with pytest.raises(Refused, match=r"sent: this folder is empty; name the folder, file or zip"):
        put()


def test_a_photograph_alone_is_named_as_its_owner_named_it(put):
    """It is a folder of one slice to ingestion, under a name of ours."""
    photo = put.sent / "holiday.png"
    Image.fromarray(np.zeros((60, 80), np.uint8)).save(photo)
    assert [one.path for one in put(photo).unused] == ["holiday.png"]


def test_images_of_a_zip_are_named_by_their_folder(put):
    with zipfile.ZipFile(put.sent / "images.zip", "w") as made:
        for number in (1, 2):
            made.writestr(f"trip/day/{number}.png", b"no image")
    paths = {one.path for one in put(put.sent / "images.zip").unused}
    assert paths <= {"trip/day", "trip/day/1.png", "trip/day/2.png"}
    assert paths


def test_a_path_that_is_not_there_is_named(put):
    with pytest.raises(Refused, match="nowhere: no such file or folder"):
        put(put.sent / "nowhere")


@pytest.mark.parametrize(
    ("file", "left", "said"),
    [
        ("splits/{site}.csv", None, "is missing; run `dvc pull`"),
        ("cells/{arm}/{site}/predictions.parquet", None, "is missing; run `dvc pull`"),
        ("cells/{arm}/{site}/predictions.parquet", b"PAR1", "damaged"),
        ("cells/{arm}/{site}/metrics.json", b"{", "damaged"),
    ],
)
def test_results_that_are_here_in_part_are_told(put, file, left, said):
    """After `git clone`, or while a driver works."""
    for number in range(20):
        grey = np.full((48, 48), number, np.uint8)
        Image.fromarray(grey).save(put.sent / f"{number}.png")
    row = Question(load(), Wanted(STUDY, ASKED_ARM)).evaluated[0]
    path = Path("results", STUDY, file.format(arm=ASKED_ARM, site=row))
    kept = path.rename(path.with_suffix(".kept"))  # with its time, for other tests
    try:
        if left is not None:
            path.write_bytes(left)
        with pytest.raises(Refused, match=said) as refused:
            put()
    finally:
        kept.replace(path)
    assert str(put.sent) not in str(refused.value)


def test_a_question_that_is_taken_back_has_no_answer(finished, tmp_path, monkeypatch):
    import threading

    monkeypatch.chdir(finished)
    stop = threading.Event()
    stop.set()
    (tmp_path / "work").mkdir()
    (tmp_path / "sent").mkdir()
    (tmp_path / "sent" / "a.txt").write_text("x", encoding="utf-8")
    with pytest.raises(Stopped):
        ask(
            tmp_path / "sent", Wanted(STUDY, ASKED_ARM), work=tmp_path / "work",
            limits=load().serve, stop=stop,
        )  # fmt: skip


def test_counting_ends_at_the_limit(put, monkeypatch):
    """A link in the folder may lead to millions of files."""

    def endless(root, closed):
        for number in range(4):
            yield root / str(number)
        raise AssertionError("one more file was looked for")

    monkeypatch.setattr("elsewhere.answers.asking.walk", endless)
    with pytest.raises(Refused, match="at most 3"):
        put(files=3)
