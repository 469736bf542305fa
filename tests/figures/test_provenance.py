from __future__ import annotations

import hashlib

from elsewhere.design.job import Job
from elsewhere.figures.provenance import Provenance


def test_commands_and_files_of_every_cell_and_run(drawn: Job) -> None:
    made = Provenance(drawn)
    cells, runs = made.cells(), made.runs()
    assert (len(cells), len(runs)) == (3 * (4 + 1), 3), "also all sites combined (A-54)"
    combined = cells[4]
    assert combined["commands"] == ["elsewhere score nguyen2021 utsw combined"]
    assert cells[1]["commands"][1] == "elsewhere score nguyen2021 utsw cc-ccii-synthetic"
    assert runs[0]["command"] == "elsewhere train nguyen2021 utsw 0-0"
    home = drawn.outputs["report"].parent
    for entry in cells:
        for file in entry["files"]:
            content = (home / file.href).read_bytes()
            assert hashlib.md5(content).hexdigest().startswith(file.md5)


def test_commands_and_files_of_every_explained_arm(drawn: Job, drawn_absent: Job) -> None:
    assert Provenance(drawn).explained() == []
    found = Provenance(drawn_absent).explained()
    assert [entry["command"] for entry in found] == [
        "elsewhere explain contrastive joint",
        "elsewhere explain contrastive contrastive",
    ]
    home = drawn_absent.outputs["report"].parent
    assert all((home / file.href).is_file() for entry in found for file in entry["files"])
