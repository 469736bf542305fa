"""Nothing that a private site's files say of a person is found in anything that is made of them."""

import base64
import gzip
import hashlib
import io
import subprocess
from pathlib import Path
from typing import Any

import canaries
import nibabel
import numpy as np
import pandas as pd
import pytest
import yaml
from canaries import DATE, MARK, ROOT, Planted, Search
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from project import ROOT as CHECKOUT
from project import Project, copy_checkout

from elsewhere.design import merge
from elsewhere.sites import manifest

pytestmark = pytest.mark.slow

ARM = {"method": "erm", "network": "nguyen-cnn-demo"}
HERE = (
    "data/scans",
    "data/inputs",
    "data/outlines",
    "results",
    "logs",
    ".elsewhere",
    ".snakemake",
    ".dvc",
)
# DVC's own local memory of raw files: never committed, never pushed by `git push`
OF_DVC = (".dvc/cache", ".dvc/tmp")


def thorax(seed: int, slices: int = 6, side: int = 24) -> np.ndarray:
    """Lungs of air in a body of water in air [z, y, x], with noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    # nobody's thorax is another's, or the gate would keep all patients together
    wide, high, apart = rng.uniform((0.15, 0.3, 0.3), (0.35, 0.7, 0.5))
    body = np.hypot(x / rng.uniform(0.7, 1), y / rng.uniform(0.6, 1)) < 1
    lungs = (np.hypot((abs(x) - apart) / wide, (y - rng.uniform(-0.2, 0.2)) / high) < 1) & body
    hu = np.where(lungs, -800, np.where(body, 30, -1000))
    return (hu + rng.normal(0, 20, (slices, side, side))).clip(-1024, 1000).astype(np.int16)


def hospital(root: Path, planted: Planted, patients: int = 12) -> None:
    """Write a private DICOM site, with everything that goes wrong in it."""
    rows = []
    for number in range(patients):
        files = canaries.write_series(
            root / planted.word() / f"{planted.word()} study",
            thorax(number),
            planted,
            uid=str(number),
        )
        row = {"study": f"{ROOT}.{number}.1", "patient": planted.word(), "label": number % 2}
        words = {name: planted.word() for name in ("sex", "age", "sub_site", "remarks")}
        rows.append({**row, "category": "case", **words, f"{planted.word()}": planted.word()})
    canaries.write_series(root / "a" / planted.word(), thorax(90), planted, uid="90")  # no label
    rows[0]["category"] = planted.word()
    rows.append({**rows[1], "study": f"{ROOT}.99.1"})  # no file
    pd.DataFrame(rows).to_csv(root / "label.csv", index=False)
    files[3].unlink()  # a gap, and a damaged file beside it
    files[0].write_bytes(files[0].read_bytes()[:-100])
    for name in ("notes.txt", ".hidden", "page.dcm", "Thumbs.db"):
        (root / f"{planted.word()} {name}").write_text(f"of {planted.word()}\n")
    (root / f".{planted.word()}").write_text(f"of {planted.word()}\n")


def outlined(root: Path, planted: Planted, patients: int = 12) -> None:
    """Write masks of the hospital's scans, canaries in names and headers; some cannot be used."""
    lattice = np.array([[-1.0, 0, 0, 100], [0, -1, 0, 100], [0, 0, 5, 0], [0, 0, 0, 1]])
    for number in range(patients):
        mask = np.zeros((24, 24, 6), np.uint8)
        mask[5:10, 8:14, 1:5] = number != 2
        image = nibabel.Nifti1Image(mask, lattice)
        image.header["descrip"] = planted.word().encode()
        nibabel.save(image, root / f"{ROOT}.{number}.2.nii.gz")
    (root / f"{ROOT}.1.2.nii.gz").write_bytes(f"of {planted.word()}\n".encode())
    folder = root / planted.word()
    folder.mkdir()
    (folder / f"{planted.word()}.nii.gz").write_bytes(b"x")


def collection(root: Path, planted: Planted) -> None:
    """Write a private site in a published layout: canaries in file names and NIfTI headers."""
    for number in range(8):
        folder = root / "studies" / f"CT-{number % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        image = nibabel.Nifti1Image(thorax(number).transpose(2, 1, 0), np.diag([-1, -1, 5, 1]))
        for field in ("descrip", "aux_file", "intent_name", "db_name"):
            image.header[field] = planted.word().encode()
        path = folder / f"study_{planted.word()}.nii.gz"
        nibabel.save(image, path)
        planted.words |= {path.name, path.name.removesuffix(".nii.gz")}
    bad = root / "studies" / "CT-1" / f"{planted.word()}.nii.gz"
    bad.write_bytes(gzip.compress(planted.word().encode()))
    (root / f"{planted.word()}.xlsx").write_text(f"of {planted.word()}\n")


def ruined(root: Path, planted: Planted) -> None:
    """Write a site of which nothing can be used."""
    files = canaries.write_series(root / planted.word(), thorax(0, 2), planted, uid="70")
    for path in files:
        path.write_bytes(path.read_bytes()[:-600])
    (root / "label.csv").write_text(f"study,label,patient\n{ROOT}.70.1,1,{planted.word()}\n")


def headless(root: Path, planted: Planted) -> None:
    """Write a site whose table lacks the header, so that a patient stands there."""
    canaries.write_series(root / planted.word(), thorax(0, 2), planted, uid="80")
    (root / "label.csv").write_text(f"{planted.word()},{DATE},{planted.word()}\n")


SITES = {"hospital": hospital, "collection": collection, "ruined": ruined, "headless": headless}


def tables() -> dict[str, Any]:
    """Return settings of two tiny studies: one of sound sites, one of sites that fail."""
    values: dict[str, Any] = merge.read(CHECKOUT / "tests/params")
    intake = values["sites"]["utsw"].get("intake", "strict")
    known = {"privacy": "private", "synthetic": True, "intake": intake}
    values["sites"] = {name: {**known, "title": name, "layout": "dicom_series"} for name in SITES}
    values["sites"]["collection"]["layout"] = "mosmed"
    values["sites"]["hospital"]["options"] = {"categories": ["case"], "patients": "own"}
    values["inputs"] = {
        "tiny": {**values["inputs"]["nguyen-demo"], "matrix": 32, "depth": 32, "stride": 32}
    }
    budget = values["budgets"]["nguyen-demo"]
    budget["training"] |= {"iterations": 2, "validate_every": 1, "checkpoint_minutes": 0}
    budget["prediction"]["mc_passes"] = 1
    values["budgets"], values["phantoms"] = {"tiny": budget}, {}
    values["archives"], values["pulls"], values["masks"] = {}, {}, {"hospital": {}}
    study = values["studies"]["nguyen2021"]
    study |= {"published": None, "averages_without": []}
    del study["split"]["allow"]  # of a site that is not here
    study["split"] |= {"test": 0.34, "validation": 0.33}
    study["scoring"]["bootstrap"] = 20
    values["studies"] = {}
    for name, sites in (("tiny", ["hospital", "collection"]), ("failing", ["ruined", "headless"])):
        rows = {one: one for one in sites}
        scale = {"input": "tiny", "budget": "tiny", "sites": rows, "seeds": [0]}
        arms = {sites[0]: {"sites": sites[:1], **ARM}}
        explain = {"arms": sites[:1], "scans": 1, "seed": 0}
        added = {"scales": {"demo": scale}, "arms": arms, "explain": explain}
        # few patients, some alike: what matters here is that they are tested, not how many
        allow = {one: ["one_class", "sizes"] for one in sites if one == "collection"}
        added["split"] = study["split"] | {"allow": allow}
        values["studies"][name] = study | added
    return {name: table for name, table in values.items() if name not in ("scale", "run")}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Planted, str]:
    """Run both drivers over sites full of canaries; return the project and all that it printed."""
    folder, planted = tmp_path_factory.mktemp("canary"), Planted()
    project = Project.at(folder)
    copy_checkout(project.path)
    users = {"scale": "demo", "run": ["tiny", "failing"]}
    (project.path / "params.yaml").write_text(yaml.safe_dump(users))
    (project.path / "config").mkdir()
    (project.path / "config/all.yaml").write_text(yaml.safe_dump(tables(), sort_keys=False))
    for name, write in SITES.items():
        (project.path / "data/raw" / name).mkdir(parents=True)
        write(project.path / "data/raw" / name, planted)
    (project.path / "data/raw/hospital-masks").mkdir()
    outlined(project.path / "data/raw/hospital-masks", planted)
    project.sh("git init -q && git config user.email a@b.invalid && git config user.name x")
    project.sh("dvc init -q && dvc config core.analytics false")
    project.sh("python -m elsewhere graph && dvc add -q data/raw/*")
    project.sh("git add -A && git commit -qm start")
    printed = project.sh("snakemake -j2 -k --show-failed-logs", check=False)
    printed += project.sh("dvc repro -k; dvc status", check=False)
    project.sh("git add -A && git commit -qm done")
    return project, planted, printed


def test_the_sound_study_is_made_and_the_failing_one_is_not(
    made: tuple[Project, Planted, str],
) -> None:
    """Without this nothing would be searched."""
    project, planted, printed = made
    assert (project.path / "results/tiny/report.html").is_file(), printed
    assert not (project.path / "results/failing/report.html").exists()
    frame = manifest.read(project.path / "data/scans/hospital/manifest.parquet")
    assert len(frame) == 10
    assert frame["flags"].str.contains("burned_in").all()
    rejected = pd.read_csv(project.path / "data/scans/hospital/rejected.csv")
    assert {"gap", "no_label", "missing", "truncated", "unknown_category"} <= {*rejected["reason"]}
    assert (project.path / ".elsewhere/rejected/ruined.csv").is_file()
    assert len(planted.words) > 10_000
    masks = pd.read_csv(project.path / "data/outlines/tiny/hospital/outlined.csv")
    assert {"no_lesion", "unreadable", "no_scan"} <= {*masks["reason"].dropna()}
    assert masks["reason"].isna().any()
    assert (project.path / "results/tiny/figures/localisation_hospital.csv").is_file()


def test_no_canary_is_in_anything_that_was_made(made: tuple[Project, Planted, str]) -> None:
    project, planted, printed = made
    search = Search(planted)
    hits = [f"printed: {hit}" for hit in search.found(printed.encode())]
    files = [path for top in HERE for path in sorted((project.path / top).rglob("*"))]
    files += [project.path / name for name in ("dvc.yaml", "dvc.lock", "params.yaml")]
    files += sorted((project.path / "data/raw").glob("*.dvc"))
    searched = 0
    for path in files:
        name = path.relative_to(project.path).as_posix()
        if path.is_file() and not name.startswith(OF_DVC):
            searched += 1
            hits += search.in_file(path)
    assert searched > 50
    assert not hits, "\n".join(hits[:40])


def test_no_canary_is_committed(made: tuple[Project, Planted, str]) -> None:
    project, planted, _ = made
    history = subprocess.run(
        ["git", "log", "-p", "--all", "--binary", "--stat"],
        cwd=project.path,
        capture_output=True,
        check=True,
    )
    assert not Search(planted).found(history.stdout)


def _picture(text: str) -> bytes:
    """Return a PNG that holds a text, packed."""
    file, info = io.BytesIO(), PngInfo()
    info.add_text("Title", text, zip=True)
    Image.new("L", (9, 9)).save(file, "PNG", pnginfo=info)
    return file.getvalue()


def test_the_search_finds_what_is_hidden(tmp_path: Path) -> None:
    """A search that finds nothing proves nothing unless it finds what is there."""
    planted = Planted()
    word = planted.word()
    search = Search(planted)
    hidden = {
        "plain.txt": word.encode(),
        "lower.txt": word.lower().encode(),
        "wide.bin": f"x{word}".encode("utf-16-le"),
        "date.csv": b"a,1887-04-13",
        "hash.txt": hashlib.sha256(word.encode()).hexdigest().encode(),
        "half.txt": hashlib.md5(word.encode()).hexdigest()[:16].encode(),
        "packed.gz": gzip.compress(word.encode()),
        f"{MARK}.txt": b"",
    }
    for name, content in hidden.items():
        (tmp_path / name).write_bytes(content)
    page = f"<img src='data:image/png;base64,{base64.b64encode(_picture(word)).decode()}'>"
    (tmp_path / "page.html").write_text(page)
    pd.DataFrame({"a": [word]}).to_parquet(tmp_path / "table.parquet", compression="zstd")
    for path in sorted(tmp_path.iterdir()):
        assert search.in_file(path), path.name
    (tmp_path / "clean.txt").write_text("nothing here: 9182736455, 0123456789abcdef")
    assert not search.in_file(tmp_path / "clean.txt")
