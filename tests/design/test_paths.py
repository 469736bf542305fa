"""paths: no two files of the project have the same path."""

import re

from elsewhere.design import params as tables
from elsewhere.design import paths
from elsewhere.design.graph import stages


def test_no_two_stages_write_to_one_place(params: tables.Params) -> None:
    written = [path for stage in stages(params).values() for path in stage.outputs.values()]
    assert len(written) == len(set(written))
    inside = [(a, b) for a in written for b in written if b.startswith(f"{a}/")]
    assert inside == []


def test_shared_data_do_not_name_a_study_and_results_do() -> None:
    assert set(paths.scans("s").values()) == {
        "data/scans/s/manifest.parquet",
        "data/scans/s/volumes",
    }
    assert paths.scan_file("s", "profile.parquet") == "data/scans/s/profile.parquet"
    assert set(paths.prepared("i", "s").values()) == {
        "data/inputs/i/s/index.parquet",
        "data/inputs/i/s/arrays",
    }
    of_study = [
        paths.split("t", "s"),
        paths.gate("t", "s"),
        paths.audit("t", "pairs.csv"),
        paths.groups("t", "s"),
        paths.model("t", "a", "0-0", "run.json"),
        paths.cell("t", "a", "s", "metrics.json"),
        *paths.run("t", "a", "0-0").values(),
        *paths.explained("t", "a").values(),
    ]
    assert all(
        re.match(r"results/t/(splits|models|cells|audit|explained)/", path) for path in of_study
    )
