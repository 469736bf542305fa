"""review: writes misclassified scans for a blinded reader (B-43)."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pandas as pd

from elsewhere.commands import blinded
from elsewhere.commands.blinded import Planned, ReviewError
from elsewhere.design import paths
from elsewhere.design.params import Params
from elsewhere.figures import reader, table_2
from elsewhere.files import whole
from elsewhere.imaging import store
from elsewhere.scores import cases, predictions, reader_study
from elsewhere.sites import manifest
from elsewhere.sites.hidden import hidden

log = logging.getLogger(__name__)


def export(params: Params, study: str) -> None:
    """Write numbered images, a form and a README for the reader, and the key apart from them.

    Raises
    ------
    ParamsError
        If the study has no review.
    ReviewError
        If its results are not there, or a form that is filled in would be lost.
    CasesError, PictureError
        If no scan can be shown.
    """
    planned = blinded.planned(params, study)
    form = planned.folder / blinded.FORM
    if form.is_file() and reader_study.is_filled(form):
        raise ReviewError(
            f"{form}: is filled in, and an export would overwrite it; `elsewhere reviewed {study}` "
            f"makes its table. To start again, move {planned.folder} away first"
        )
    made = planned.made_from()
    chosen = _cases(planned)
    volumes = Path(paths.scans(planned.row)["volumes"])
    pictures = [reader.picture(volumes / f"{scan}{store.SUFFIX}") for scan in chosen["scan_id"]]
    images = blinded.names(made, [*chosen["scan_id"]])
    # no key while images and key do not belong together
    planned.key.unlink(missing_ok=True)
    _clear(planned.folder)
    for image, pixels in zip(images, pictures, strict=True):
        reader.save(pixels, planned.folder / image, synthetic=planned.synthetic)
    _write(
        planned.folder / blinded.README,
        _instructions(planned, images, alone=bool(chosen["alone"].all())),
    )
    _write(form, reader_study.form(images))
    blinded.write_key(chosen.assign(image=images), planned.key, made=made)
    log.info(
        "%s: %d images for the reader; give this folder away as it is. The key stays in %s",
        planned.folder,
        len(images),
        planned.key,
    )


def _cases(planned: Planned) -> pd.DataFrame:
    """Return the scans to show; column `alone`: whether each is known to be of another patient."""
    review = planned.review
    calls, thresholds, keys = {}, {}, set()
    for arm in review.arms:
        rows, metadata = predictions.read(planned.cell(arm, "predictions.parquet"))
        if metadata["status"] != "ok":
            raise ReviewError(f"arm {arm} has no predictions: {metadata['reason']}")
        cell = _of_finding(planned.cell(arm, "metrics.json"), review.finding)
        calls[arm] = cases.called(rows[rows["finding"] == review.finding], cell=cell)
        thresholds[f"threshold_{arm}"] = cell["pooled"]["threshold"]
        keys.add(metadata["patient_key"])
    drawn = cases.drawn(calls, shown=_shown(planned), images=review.images, seed=review.seed)
    if len(drawn) < review.images:
        log.warning("%d images asked for, %d can be shown", review.images, len(drawn))
    return drawn.assign(**thresholds, alone=keys == {"published"})


def _of_finding(path: Path, finding: str) -> dict[str, Any]:
    metrics = json.loads(path.read_text(encoding="utf-8"))
    numbers: dict[str, Any] | None = metrics.get("findings", {}).get(finding)
    if numbers is None:
        raise ReviewError(f"{path}: has no finding '{finding}'; make it again with `snakemake -j8`")
    return numbers


def _shown(planned: Planned) -> set[str]:
    scans = manifest.read(Path(paths.scans(planned.row)["manifest"]))
    viewed = scans.loc[scans["view"].isin(planned.review.views), "scan_id"]
    return set(viewed) - hidden(scans)


def _instructions(planned: Planned, images: list[str], *, alone: bool) -> str:
    about = {
        "title": planned.title,
        "views": planned.review.views,
        "alone": alone,
        "normal_below": reader_study.NORMAL_BELOW,
        "impressions": reader_study.IMPRESSIONS,
    }
    return reader.instructions(
        about, finding=planned.review.finding, images=images, synthetic=planned.synthetic
    )


def _clear(folder: Path) -> None:
    """Remove what an earlier export or import made; what others put there stays."""
    for name in (blinded.FORM, blinded.README, *table_2.FILES):
        (folder / name).unlink(missing_ok=True)
    for image in folder.glob(blinded.IMAGES):
        image.unlink()


def _write(path: Path, text: str) -> None:
    with whole(path) as part:
        part.write_text(text, encoding="utf-8", newline="")
