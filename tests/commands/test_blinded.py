"""blinded: the key is apart, readable by one user, and matches the results it was made from."""

import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from elsewhere.commands import blinded
from elsewhere.commands.blinded import ReviewError
from elsewhere.design.params import ParamsError

ROOT = Path(__file__).parents[2]
MADE = ("a" * 64, "b" * 64)
CASES = pd.DataFrame(
    {
        "image": ["x.png"],
        "scan_id": ["0123456789012345"],
        "label": [1],
        "probability_a": [0.1 + 0.2],
    }
)


def test_a_key_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "reviews/s/key.csv"
    blinded.write_key(CASES, path, made=MADE)
    found = blinded.read_key(path, made=MADE, study="s")
    pd.testing.assert_frame_equal(found, CASES)
    assert found["scan_id"][0] == "0123456789012345", "no number"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("made", "what"),
    [(("c" * 64, MADE[1]), "the predictions"), ((MADE[0], "c" * 64), r"studies\.s\.review")],
)
def test_a_key_of_another_make_is_refused(tmp_path: Path, made: tuple[str, str], what: str) -> None:
    blinded.write_key(CASES, tmp_path / "key.csv", made=MADE)
    with pytest.raises(ReviewError, match=f"{what} changed since these images were chosen"):
        blinded.read_key(tmp_path / "key.csv", made=made, study="s")


def test_images_of_another_make_or_choice_have_other_names() -> None:
    scans = [f"{number:016x}" for number in range(12)]
    found = [
        blinded.names(made, chosen)
        for made in (MADE, MADE[::-1])
        for chosen in (scans, scans[::-1], scans[:11])
    ]
    assert len({name for names in found for name in names}) == 2 * (12 + 12 + 11)
    assert all(names == sorted(names) for names in found)
    assert blinded.names(MADE, scans) == found[0]


@pytest.mark.parametrize("file", ["predictions.parquet", "metrics.json"])
def test_only_what_chooses_scans_and_numbers_is_part_of_the_make(chest: Any, file: str) -> None:
    before = blinded.planned(chest.params, "chest").made_from()
    path = chest.cell("inception", file)
    path.write_bytes(path.read_bytes() + b" ")
    after = blinded.planned(chest.params, "chest").made_from()
    assert (after != before) == (file == "predictions.parquet")
    chest.review["enlarged_from"] = 0.6
    assert blinded.planned(chest.params, "chest").made_from() == after


def test_a_site_that_the_scale_lacks_is_named(chest: Any) -> None:
    study = chest.values["studies"]["chest"]
    study["scales"]["paper"] = study["scales"]["demo"] | {"sites": {"home": "chexpert"}}
    chest.values["scale"] = "paper"
    with pytest.raises(ParamsError, match="scale 'paper' has no site 'outside', it has home"):
        blinded.planned(chest.params, "chest")


def test_git_and_dvc_ignore_the_key(chest: Any) -> None:
    key = str(blinded.planned(chest.params, "chest").key)
    for tool in (["git"], [sys.executable, "-m", "dvc"]):
        done = subprocess.run(
            [*tool, "check-ignore", key], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.stdout.split() == [key], done.stderr


def test_the_key_is_not_in_the_folder_for_the_reader(chest: Any) -> None:
    planned = blinded.planned(chest.params, "chest")
    assert planned.folder == Path("results/chest/review")
    assert planned.folder not in planned.key.parents
