"""A project as a user has it: params.yaml with comments, config/, nothing else."""

import shutil
from pathlib import Path

import pytest

SETTINGS = Path(__file__).parents[1] / "params"
USER = """\
# My settings.

scale: demo                      # demo | desktop | paper
run: [nguyen2021]   # what `snakemake` makes

# My hospitals.
sites:
#  example: {title: Example, layout: dicom_series, privacy: private}
  first:                         # a note of mine
    title: "First"
    layout: mosmed
    privacy: public
    options: {leave_out: [CT-0]}   # another

budgets:
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a project, in which the test works."""
    top = tmp_path / "project"
    shutil.copytree(SETTINGS / "config", top / "config")
    (top / "params.yaml").write_text(USER, encoding="utf-8")
    monkeypatch.chdir(top)
    return top
