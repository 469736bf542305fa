"""blinded: the files of a blinded review, and its key, which the reader must not see."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from elsewhere.design import paths
from elsewhere.design.fingerprint import canonical
from elsewhere.design.params import Params, ParamsError
from elsewhere.design.study import Review, Study
from elsewhere.files import texts, write_frame

REVIEWS = Path(".elsewhere/reviews")
FORM, README, IMAGES = "review.csv", "README.txt", "review-*.png"
_MADE = ("predictions_sha256", "settings_sha256")


class ReviewError(RuntimeError):
    """A review cannot be exported or read back; the message says what to do."""


@dataclass(frozen=True)
class Planned:
    """The review of a study at the present scale.

    Attributes
    ----------
    name
        Of the study.
    row
        Row of ``sites`` that stands for the site of the review.
    synthetic
        As declared for the row.
    """

    name: str
    study: Study
    review: Review
    row: str
    synthetic: bool

    @property
    def folder(self) -> Path:
        """Folder for the reader, and for what is made of the returned form."""
        return Path("results") / self.name / "review"

    @property
    def key(self) -> Path:
        """The key, which the reader must not see; git and DVC ignore all of `.elsewhere`."""
        return REVIEWS / self.name / "key.csv"

    @property
    def title(self) -> str:
        """Name of the finding."""
        if self.study.findings is None:
            raise ParamsError(f"studies.{self.name}.findings is missing")
        return self.study.findings.labels[self.review.finding].title

    def cell(self, arm: str, file: str) -> Path:
        """Return a file of an arm's cell on the site.

        Raises
        ------
        ReviewError
            If it has not been made.
        """
        path = Path(paths.cell(self.name, arm, self.row, file))
        if not path.is_file():
            raise ReviewError(f"{path}: not there yet; make it with `snakemake -j8 {path}`")
        return path

    def made_from(self) -> tuple[str, str]:
        """Return the digests of the predictions, and of the settings that choose the scans."""
        predictions = hashlib.sha256()
        for arm in self.review.arms:
            predictions.update(
                hashlib.sha256(self.cell(arm, "predictions.parquet").read_bytes()).digest()
            )
        chosen = self.review.model_dump(mode="json", exclude={"enlarged_from"})
        settings = canonical([chosen, self.row])
        return predictions.hexdigest(), hashlib.sha256(settings.encode()).hexdigest()


def planned(params: Params, name: str) -> Planned:
    """Return the review of a study.

    Raises
    ------
    ParamsError
        If there is no such study, it has no review, or its scale lacks the site.
    """
    if name not in params.studies:
        known = ", ".join(sorted(params.studies))
        raise ParamsError(f"no study '{name}'; there are {known}")
    study = params.studies[name]
    if study.review is None:
        raise ParamsError(
            f"studies.{name}.review is missing: say which finding, arms, site, images and seed"
        )
    if params.scale not in study.scales:
        known = ", ".join(study.scales)
        raise ParamsError(f"scale: study '{name}' has no scale '{params.scale}', it has {known}")
    sites = study.scales[params.scale].sites
    if study.review.site not in sites:
        raise ParamsError(
            f"studies.{name}.review.site: scale '{params.scale}' has no site "
            f"'{study.review.site}', it has {', '.join(sites)}"
        )
    row = sites[study.review.site]
    return Planned(name, study, study.review, row, params.sites[row].synthetic)


def names(made: tuple[str, str], scans: Sequence[str]) -> list[str]:
    """Return names of the images; another choice of scans gets other names, to avoid confusion."""
    code = hashlib.sha256("|".join([*made, *scans]).encode()).hexdigest()[:6]
    return [f"review-{code}-{number:02d}.png" for number in range(1, len(scans) + 1)]


def write_key(cases: pd.DataFrame, path: Path, *, made: tuple[str, str]) -> None:
    """Write the key, readable by this user only.

    Parameters
    ----------
    cases
        A row per image: image, scan_id, label, and for each arm probability, call and threshold.
    made
        As from `Planned.made_from`.
    """
    digests = dict(zip(_MADE, made, strict=True))
    write_frame(cases.assign(**digests), path, mode=0o600)


def read_key(path: Path, *, made: tuple[str, str], study: str) -> pd.DataFrame:
    """Return the key.

    Raises
    ------
    ReviewError
        If there is none, or what it was made from is not what stands on disk now.
    """
    if not path.is_file():
        raise ReviewError(
            f"{path}: no such key on this machine, without which images cannot be matched to "
            f"scans; `elsewhere review {study}` exports images with a key"
        )
    cases = pd.read_csv(path, converters=texts("scan_id"))
    for column, now, what in zip(
        _MADE, made, ("the predictions", f"studies.{study}.review"), strict=True
    ):
        if set(cases[column]) != {now}:
            raise ReviewError(
                f"{path}: {what} changed since these images were chosen, so probabilities and "
                "reading would not belong together; undo that change (the graph gets the former "
                f"results back), or move the form away and export anew with `elsewhere review "
                f"{study}`"
            )
    return cases.drop(columns=[*_MADE])
