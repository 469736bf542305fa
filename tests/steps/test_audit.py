"""The audit step on two sites, some of whose patients are the same under other keys."""

from __future__ import annotations

import dataclasses
import json
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from elsewhere.cohorts import groups
from elsewhere.design import params
from elsewhere.design.audit import Audit
from elsewhere.design.comparisons import Comparisons
from elsewhere.design.job import Job
from elsewhere.design.split import Split
from elsewhere.imaging import profile, signature
from elsewhere.phantom import write
from elsewhere.sites import manifest
from elsewhere.steps import audit, ingest, split

SCANS = runpy.run_path(str(Path(__file__).parent / "test_split.py"))["scans"]
SETTINGS = audit.Settings(audit=Audit(similarity=0.7, folds=5, permutations=19, seed=0))
SITES = ("here", "there")
INGESTED = ("manifest", "volumes", "rejected", "account", "profile")


def shape(seed: int, noise: int = 0) -> bytes:
    rows = np.random.default_rng(seed).normal(0, 30, signature.LENGTH)
    rows += np.random.default_rng(noise).normal(0, 3, signature.LENGTH) * bool(noise)
    return np.clip(np.rint(rows), -127, 127).astype(np.int8).tobytes()


def write_site(folder: Path, number: int, *, copied: bool) -> dict[str, Path]:
    """Thirty patients of two scans; `copied`: the fourth patient is the other site's second."""
    folder.mkdir(parents=True)
    frame = SCANS(30)
    frame["volume_sha256"] = [f"{number}{i:063x}" for i in range(len(frame))]
    shapes = [shape(1000 * number + i) for i in range(len(frame))]
    if copied:
        shapes[6], shapes[7] = shape(2, noise=5), shape(9000)
    manifest.write(frame, folder / "manifest.parquet")
    blank = {"value_scale": "HU", "histogram": [1] * profile.BINS, "noise_air": 1.0}
    blank |= {"noise_lung": 1.0, "lung_first": 0, "lung_last": 9, "face_slices": 0}
    rows = [
        {"scan_id": scan, "signature": found, **blank}
        for scan, found in zip(frame["scan_id"], shapes, strict=True)
    ]
    profile.write(rows, folder / "profile.parquet")
    return {name: folder / f"{name}.parquet" for name in ("manifest", "profile")}


def job(folder: Path, *, copied: bool = True) -> Job:
    files = {
        site: write_site(folder / site, number, copied=copied and number == 1)
        for number, site in enumerate(SITES)
    }
    return Job(
        "audit--s",
        {"study": "s"},
        {name: {site: files[site][name] for site in SITES} for name in ("manifest", "profile")},
        {
            "pairs": folder / "pairs.csv",
            "audit": folder / "audit.json",
            **{f"groups/{site}": folder / f"{site}.groups.csv" for site in SITES},
        },
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audit")
    audit.run(job(folder), SETTINGS)
    return folder


def test_the_copy_is_listed_and_both_sites_know_its_group(made: Path) -> None:
    pairs = pd.read_csv(made / "pairs.csv", dtype=str)
    assert len(pairs) == 1
    row = pairs.iloc[0]
    assert (row["site_a"], row["site_b"], row["kind"]) == ("here", "there", "near")
    assert float(row["similarity"]) >= 0.7
    here, there = (groups.read(made / f"{site}.groups.csv") for site in SITES)
    assert here["group"].tolist() == there["group"].tolist()
    assert here["across_sites"].tolist() == [True]
    assert here["patient_id"].tolist() == [row["patient_a"]]
    report = json.loads((made / "audit.json").read_text())
    assert report["duplicates"]["groups_across_sites"] == 1
    assert report["duplicates"]["largest_group"] == 2
    assert {entry["what"] for entry in report["shortcuts"]} == {"label", "site"}
    assert report["contingency"]["one_class"] == []


def test_p_is_adjusted_over_the_whole_audit(made: Path) -> None:
    """By statsmodels, over all questions that have a p."""
    answers = json.loads((made / "audit.json").read_text())["shortcuts"]
    answered = [entry for entry in answers if entry["p"] is not None]
    assert len(answered) == len(answers) == 4 * 6
    _, adjusted, _, _ = multipletests([entry["p"] for entry in answered], method="holm")
    assert [entry["p_holm"] for entry in answered] == pytest.approx([*adjusted], abs=1e-5)


@pytest.mark.parametrize("kind", ["holdout", "folds"])
def test_no_site_tests_what_another_trains_on(kind: str, made: Path, tmp_path: Path) -> None:
    """Split both sites by many seeds: the copy is always in the same part of the same fold."""
    row = pd.read_csv(made / "pairs.csv", dtype=str).iloc[0]
    for seed in range(12):
        shares = {"test": 0.2, "validation": 0.1, "seed": seed}
        settings = split.Settings(Split(kind=kind, folds=4 if kind == "folds" else 1, **shares))
        parts = []
        for site, patient in zip(SITES, (row["patient_a"], row["patient_b"]), strict=True):
            inputs = {
                "manifest": made / site / "manifest.parquet",
                "groups": made / f"{site}.groups.csv",
            }
            outputs = {name: tmp_path / f"{site}.{name}" for name in ("split", "gate")}
            split.run(Job("split", {"study": "s", "site": site}, inputs, outputs), settings)
            rows = pd.read_csv(outputs["split"], dtype={"patient_id": str})
            mine = rows[rows["patient_id"] == patient].drop_duplicates("fold")
            parts.append(mine["part"].tolist())
            assert json.loads(outputs["gate"].read_text())["patients_across_sites"] == 1
        assert parts[0] == parts[1]


def test_groups_of_a_site_do_not_change_with_the_scans_of_another(tmp_path: Path) -> None:
    """So the split of this site is not made again."""
    found = []
    for name in ("a", "b"):
        made = job(tmp_path / name, copied=False)
        if name == "b":
            path = made.paths("manifest")["there"]
            manifest.write(manifest.read(path).iloc[:40], path)
            kept = profile.read(made.paths("profile")["there"]).to_dict("records")[:40]
            profile.write(kept, made.paths("profile")["there"])
        audit.run(made, SETTINGS)
        found.append((tmp_path / name / "here.groups.csv").read_bytes())
    assert found[0] == found[1]


def test_equal_inputs_give_equal_bytes(made: Path, tmp_path: Path) -> None:
    audit.run(job(tmp_path), SETTINGS)
    for name in ("pairs.csv", "audit.json", "here.groups.csv", "there.groups.csv"):
        assert (tmp_path / name).read_bytes() == (made / name).read_bytes()


def test_a_site_without_data_has_an_empty_file_and_a_row(tmp_path: Path) -> None:
    made = job(tmp_path)
    manifest.write(SCANS(0), made.paths("manifest")["there"])
    profile.write([], made.paths("profile")["there"])
    audit.run(made, SETTINGS)
    assert len(groups.read(tmp_path / "there.groups.csv")) == 0
    report = json.loads((tmp_path / "audit.json").read_text())
    assert report["contingency"]["sites"][1]["patients_1"] == 0
    reasons = {(e["what"], e["where"]): e["reason"] for e in report["shortcuts"]}
    assert reasons["label", "there"] == "no scan here"
    assert reasons["site", "all sites"].startswith("one class")


def test_a_profile_that_lacks_a_scan_is_refused(tmp_path: Path) -> None:
    made = job(tmp_path)
    profile.write([], made.paths("profile")["here"])
    with pytest.raises(ValueError, match="run `elsewhere ingest here` again"):
        audit.run(made, SETTINGS)


def test_the_planted_export_of_a_hidden_hospital_is_found_in_voxels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A-76: most positives of the synthetic CC-CCII come from a hospital with another export.

    Every header field is drawn without regard to it. Made and read like any site, only smaller.
    """
    monkeypatch.chdir(tmp_path)
    config = params.load(Path(__file__).parents[1] / "params")
    row = config.phantoms["cc-ccii-synthetic"]
    fewer = {
        name: category.model_copy(update={"patients": category.patients // 2})
        for name, category in row.categories.items()
    }
    small = row.model_copy(update={"categories": fewer, "matrix": 64, "reduced_matrix": 48})
    write.write("cc-ccii-synthetic", tmp_path / "raw", small)
    settings = ingest.Settings(config.sites["cc-ccii-synthetic"], config.intakes["strict"])
    site = {name: tmp_path / name for name in INGESTED}
    ingest.run(Job("ingest", {"site": "cc"}, {"raw": tmp_path / "raw"}, site), settings)
    made = Job(
        "audit--s",
        {"study": "s"},
        {name: {"cc": site[name]} for name in ("manifest", "profile")},
        {name: tmp_path / name.replace("/", ".") for name in ("pairs", "audit", "groups/cc")},
    )
    audit.run(made, SETTINGS)
    answers = {
        entry["fields"]: entry
        for entry in json.loads((tmp_path / "audit").read_text())["shortcuts"]
        if (entry["what"], entry["where"]) == ("label", "cc")
    }
    for headers in ("acquisition", "format"):
        assert answers[headers]["p_holm"] > 0.2
    for voxels in ("intensity", "geometry"):
        assert answers[voxels]["auc"] > 0.9
        assert answers[voxels]["p_holm"] < 0.05


@pytest.mark.parametrize(
    ("classes", "family", "most"),
    [((), "study", 3 * 2), (("a", "b", "c"), "study", 3 * 2 * 3), ((), "question", 0)],
)
def test_declared_comparisons_share_the_family_of_the_audit(
    classes: tuple[str, ...], family: str, most: int
) -> None:
    """Three pairs of arms at two sites, of each of three classes against the rest."""
    pairs = (Comparisons(arm="x", against=("y", "z")), Comparisons(arm="y", against=("z",)))
    settings = dataclasses.replace(SETTINGS, classes=classes, comparisons=pairs, family=family)
    assert settings.n_compared(2) == most
