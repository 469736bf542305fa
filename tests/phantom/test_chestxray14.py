import csv

import pytest
from PIL import Image

from elsewhere.phantom.mark import MARK

HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],"
)
WORDS = {"Cardiomegaly", "Edema", "Consolidation", "Atelectasis", "Effusion"}


@pytest.fixture(scope="module")
def site(written):
    return written("chestxray14", patients=14)


@pytest.fixture(scope="module")
def lines(site):
    with (site[0] / "Data_Entry_2017.csv").open(newline="") as file:
        return list(csv.reader(file))[1:]


def test_the_header_is_the_publishers_commas_included(site):
    text = (site[0] / "Data_Entry_2017.csv").read_text()
    assert text.splitlines()[0] == HEADER
    assert all(line.count(",") == 11 and line.endswith(",") for line in text.splitlines())


def test_every_line_is_a_png_that_says_it_is_synthetic(site, lines):
    folder, count = site
    assert {line[0] for line in lines} == {path.name for path in (folder / "images").iterdir()}
    assert len(lines) == count
    modes = set()
    for line in lines:
        with Image.open(folder / "images" / line[0]) as image:
            assert image.format == "PNG"
            assert image.text["Comment"] == MARK
            assert image.size == (int(line[7]), int(line[8]))
            modes.add(image.mode)
    assert modes == {"L", "RGBA"}


def test_names_hold_patient_and_follow_up(lines):
    for line in lines:
        assert line[0] == f"{int(line[3]):08d}_{int(line[2]):03d}.png"
    assert {line[2] for line in lines} == {"0", "1"}


def test_labels_are_a_list_or_no_finding(lines):
    listed = [line[1].split("|") for line in lines]
    assert {word for one in listed for word in one} == WORDS | {"No Finding"}
    assert all(one == ["No Finding"] or not {"No Finding"} & set(one) for one in listed)
    assert all(one == sorted(one) for one in listed)
    assert max(map(len, listed)) > 1


def test_views_are_frontal_and_some_ages_are_wrong(lines):
    assert {line[6] for line in lines} == {"PA", "AP"}
    assert {line[5] for line in lines} == {"F", "M"}
    wrong = [int(line[4]) > 120 for line in lines]
    assert 0 < sum(wrong) < len(lines)


def test_official_lists_part_the_patients(site, lines):
    folder, _ = site
    lists = [(folder / f"{name}_list.txt").read_text().split() for name in ("train_val", "test")]
    assert sorted(lists[0] + lists[1]) == sorted(line[0] for line in lines)
    assert all(lists)
    assert not {name[:8] for name in lists[0]} & {name[:8] for name in lists[1]}


def test_a_missed_finding_is_not_listed(row, written):
    findings = row("chestxray14")["findings"]
    sure = {name: one | {"prevalence": 1.0, "missed": 0.0} for name, one in findings.items()}
    sure["Edema"]["missed"] = 1.0
    folder, _ = written("chestxray14", patients=2, findings=sure)
    with (folder / "Data_Entry_2017.csv").open(newline="") as file:
        listed = {line[1] for line in csv.reader(file)}
    assert listed == {"Finding Labels", "Atelectasis|Cardiomegaly|Consolidation|Effusion"}
