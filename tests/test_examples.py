"""What a user copies from examples/ is read as it stands there."""

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk  # noqa: N813
from PIL import Image

from elsewhere.commands import check
from elsewhere.commands.check import Wanted

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "examples/label_csv"
README = (FOLDER / "README.md").read_text()
COMMANDS = dict(re.findall(r"^\| \[(\w+\.csv)\]\(\1\) \| .* \| `(.*)` \|$", README, re.M))


def wanted(command, root):
    """What a command line of the README asks for."""
    program, name, folder, *options = shlex.split(command)
    assert (program, name, folder) == ("elsewhere", "check", "FOLDER")
    given = list(zip(options[::2], options[1::2], strict=True))
    return Wanted(
        root,
        layout=dict(given)["--layout"],
        options=[value for key, value in given if key == "--option"],
    )


def write(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix in (".jpg", ".png"):
        grey = np.random.default_rng(seed).integers(0, 256, (20, 16)).astype(np.uint8)
        Image.fromarray(grey).save(path)
        return
    hu = np.random.default_rng(seed).integers(-1000, 400, (5, 12, 10)).astype(np.int16)
    image = sitk.GetImageFromArray(hu)
    image.SetSpacing((0.7, 0.7, 2.5))
    sitk.WriteImage(image, path)


@pytest.fixture
def site(tmp_path, monkeypatch, write_dicom, series_of, thorax):
    """Write the files that an example names, and the example as label.csv."""
    shutil.copytree(ROOT / "tests/params", tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")

    def written(name):
        root = tmp_path / "site"
        root.mkdir()
        shutil.copy(FOLDER / name, root / "label.csv")
        table = pd.read_csv(FOLDER / name, sep=None, engine="python", dtype=str)
        for seed, row in enumerate(table.to_dict("records")):
            if "study" in row:
                names = {"study": row["study"], "patient": row["patient"]}
                series = series_of(uid=f"{row['study']}.1", **names)
                write_dicom(root / f"series{seed}", thorax(12, seed=seed), series)
            else:
                write(root / row["path"].replace("\\", "/"), seed)
        return root, len(table)

    return written


def test_every_example_has_its_command_and_every_command_its_example():
    assert set(COMMANDS) == {path.name for path in FOLDER.glob("*.csv")}
    assert len(COMMANDS) >= 6


@pytest.mark.parametrize("name", COMMANDS)
def test_an_example_is_read_without_a_rejected_row(site, name):
    root, rows = site(name)
    asked = wanted(COMMANDS[name], root)
    checked = check.check(asked)
    assert checked.taken.account.files()["rejected"] == 0
    assert len(checked.taken.rows) == rows
    assert {row["patient_key"] for row in checked.taken.rows} == {"published"}
    declared = {row["category"] for row in checked.taken.rows} - {"radiograph", "volume"}
    assert "positive" not in declared or name == "volumes.csv"


def test_class_folders_need_no_table(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "tests/params", tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    for seed, place in enumerate(["pneumonia/P1_a.png", "pneumonia/P1_b.png", "normal/P2_a.png"]):
        write(tmp_path / "site" / place, seed)
    block = re.search(r"```sh\n(.*?)```", README, re.S)[1]
    patients = []
    for command in block.splitlines():
        checked = check.check(wanted(command, tmp_path / "site"))
        assert len(checked.taken.rows) == 3
        patients.append(len({row["patient_id"] for row in checked.taken.rows}))
    assert patients == [2, 3]
