"""The outline step on a synthetic site that knows its lesions, at a private and a public site."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd
import pydicom
import pytest

from elsewhere.design import params as tables
from elsewhere.design.inputs.slices import SlicesInput
from elsewhere.design.job import Job
from elsewhere.design.masks import MaskRow
from elsewhere.design.site import Site
from elsewhere.imaging import outline_values, store
from elsewhere.phantom.write import write
from elsewhere.sites.keys import keys
from elsewhere.sites.layout import LayoutError
from elsewhere.steps import ingest, outline, prepare

PARAMS = tables.load(Path(__file__).parents[1] / "params")
INPUT = PARAMS.inputs["ucadi-demo"]
NAME = "wuhan-union-synthetic"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six patients with COVID-19, ingested and prepared."""
    root = tmp_path_factory.mktemp("outline")
    phantom = PARAMS.phantoms[NAME]
    few = {
        name: category.model_copy(update={"patients": 2})
        for name, category in phantom.categories.items()  # type: ignore[attr-defined]
    }
    write(NAME, root / "raw", phantom.model_copy(update={"categories": few}))
    return root


@pytest.fixture
def outlined(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[pd.DataFrame, Path]]:
    """Ingest and prepare the site, and outline its lesions by the masks of a folder."""
    monkeypatch.chdir(tmp_path)

    def make(folder: Path, *, privacy: str = "public", **row: Any) -> tuple[pd.DataFrame, Path]:
        known = PARAMS.sites[NAME].model_dump() | {"privacy": privacy}
        about, scans = Site.model_validate(known), tmp_path / "scans"
        names = ("manifest", "volumes", "rejected", "account", "profile")
        made = {
            name: scans / (name + ".parquet" * (name in ("manifest", "profile"))) for name in names
        }
        wildcards = {"site": NAME}
        ingest.run(
            Job("ingest", wildcards, {"raw": site / "raw"}, made),
            ingest.Settings(about, PARAMS.intakes["strict"]),
        )
        inputs = {name: made[name] for name in ("manifest", "volumes")}
        arrays = {"index": tmp_path / "index.parquet", "arrays": tmp_path / "arrays"}
        prepare.run(Job("prepare", {}, inputs, arrays), prepare.Settings(INPUT))
        outputs = {"outlined": tmp_path / "outlined.csv", "outlines": tmp_path / "outlines"}
        job = Job("outline", wildcards, {**inputs, "masks": folder}, outputs)
        outline.run(job, outline.Settings(about, MaskRow(**row), INPUT))
        table = pd.read_csv(outputs["outlined"], dtype=str, keep_default_na=False)
        return table, tmp_path

    return make


def test_every_mask_is_laid_on_its_own_scan(
    outlined: Callable[..., tuple[pd.DataFrame, Path]], site: Path
) -> None:
    """Against the files themselves: name, voxels, and the density of what is outlined."""
    table, made = outlined(site / "raw-masks")
    files = sorted((site / "raw-masks").glob("*.nii.gz"))
    assert len(table) == len(files) == 6
    assert (table["reason"] == "").all()
    assert isinstance(INPUT, SlicesInput)
    for path in files:
        scan = keys(NAME, private=False).scan(path.name.removesuffix(".nii.gz"))
        row = table.set_index("scan_id").loc[scan]
        image = nib.load(path)
        mask = np.asarray(image.dataobj) > 0
        ml = mask.sum() * np.prod(image.header.get_zooms()) / 1000
        assert float(row["lesion_ml"]) == pytest.approx(ml, rel=1e-3)
        seen = np.moveaxis(mask, (0, 1, 2), (2, 1, 0)).sum(axis=(1, 2))
        assert seen[int(row["lesion_slice"])] == seen.max() > 0
        scanned = store.read(made / "scans" / "volumes" / f"{scan}{store.SUFFIX}")
        places = [[int(at) for at in place.split()] for place in row["lesion_at"].split(";")]
        lesion = np.moveaxis(mask, (0, 1, 2), (2, 1, 0))[int(row["lesion_slice"])]
        assert all(lesion[place[0], place[1]] for place in places)
        assert lesion.shape == scanned.shape[1:]
        array = store.read(made / "arrays" / f"{scan}{store.SUFFIX}")
        found = store.read(made / "outlines" / f"{scan}{store.SUFFIX}")
        assert found.shape == array.shape
        assert int(row["lesion_voxels"]) == (found == outline_values.LESION).sum() > 0
        hu = array.astype(float) + INPUT.clip_min_hu
        assert np.median(hu[found == outline_values.LUNG]) < -600
        assert (
            np.median(hu[found == outline_values.LESION])
            > np.median(hu[found == outline_values.LUNG]) + 50
        )
        # shares of lesion and lattice agree, whatever the matrix
        assert (found == outline_values.LESION).mean() == pytest.approx(mask.mean(), rel=0.5)


def test_masks_without_use_have_a_reason_and_names_stay_here(
    outlined: Callable[..., tuple[pd.DataFrame, Path]], site: Path, tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    folder = tmp_path / "masks"
    folder.mkdir()
    names = sorted(path.name for path in (site / "raw-masks").glob("*.nii.gz"))
    images = {name: nib.load(site / "raw-masks" / name) for name in names}
    for name, image in images.items():
        nib.save(image, folder / name)
    short, moved = (images[name] for name in names[:2])
    nib.save(nib.Nifti1Image(np.asarray(short.dataobj)[:-1], short.affine), folder / names[0])
    elsewhere = moved.affine + np.eye(4)
    nib.save(nib.Nifti1Image(np.asarray(moved.dataobj), elsewhere), folder / names[1])
    (folder / names[2]).write_bytes(b"no image")
    nib.save(nib.load(folder / names[3]), folder / "Doe^John.nii.gz")
    table, made = outlined(folder, privacy="private")
    reasons = sorted(table["reason"])
    assert reasons == ["", "", "", "mask_lattice", "mask_shape", "no_scan", "unreadable"]
    assert len(list((made / "outlines").iterdir())) == 3
    written = (made / "outlined.csv").read_text() + caplog.text
    assert "Doe" not in written
    uids = {pydicom.dcmread(path).SeriesInstanceUID for path in (site / "raw").rglob("*.dcm")}
    assert not [uid for uid in uids if uid in written]


def test_a_folder_without_masks_of_that_name_stops_the_step(
    outlined: Callable[..., tuple[pd.DataFrame, Path]], site: Path
) -> None:
    with pytest.raises(LayoutError, match=r"masks\.wuhan-union-synthetic\.file: no file below"):
        outlined(site / "raw-masks", file="{scan}.mha")
