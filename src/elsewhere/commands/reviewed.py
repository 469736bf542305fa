"""reviewed: makes Table 2 from a reader's form, ground truth and probabilities (B-43, B-44)."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from elsewhere.commands import blinded
from elsewhere.commands.blinded import Planned
from elsewhere.design.params import Params
from elsewhere.figures import paper, table_2
from elsewhere.scores import reader_study
from elsewhere.scores.reader_study import Reading

log = logging.getLogger(__name__)


def table(params: Params, study: str, *, form: Path | None = None) -> None:
    """Write table_2.csv, .png and .svg, and agreement.csv, beside the images of a review.

    Parameters
    ----------
    form
        What the reader filled in; default: review.csv beside the images.

    Raises
    ------
    ParamsError
        If the study has no review.
    ReviewError
        If there is no key, or what it was made from has changed.
    ReadingError
        If the form cannot be used; the message names every problem.
    """
    planned = blinded.planned(params, study)
    key = blinded.read_key(planned.key, made=planned.made_from(), study=study)
    images = [str(image) for image in key["image"]]
    path = form or planned.folder / blinded.FORM
    read = reader_study.read(path, images=images)
    cases = [{str(name): value for name, value in case.items()} for case in key.to_dict("records")]
    counted = reader_study.agreement(
        [(int(case["label"]), read[case["image"]]) for case in cases],
        enlarged_from=planned.review.enlarged_from,
        confidence=planned.study.scoring.confidence,
    )
    about = _about(params, planned, alone=bool(key["alone"].all()))
    rows = table_2.rows(about, [(case, read[case["image"]]) for case in cases])
    table_2.draw(about, rows, planned.folder, agreement=counted, published=_published(planned))
    _say(planned, read, counted)


def _about(params: Params, planned: Planned, *, alone: bool) -> table_2.About:
    review, arms = planned.review, planned.study.arms
    return table_2.About(
        title=planned.title,
        site=params.sites[planned.row].title,
        arms={arm: arms[arm].title or arm for arm in review.arms},
        enlarged_from=review.enlarged_from,
        synthetic=planned.synthetic,
        alone=alone,
    )


def _published(planned: Planned) -> list[dict[str, str]]:
    """Return the paper's Table 2 where it is of the same finding."""
    listed = paper.review(planned.study.published or planned.name)
    return [row for row in listed if row["finding"] == planned.review.finding]


def _say(planned: Planned, read: dict[str, Reading], counted: list[dict[str, Any]]) -> None:
    blank = sum(reading.blank for reading in read.values())
    if blank:
        log.warning("%d of %d images have an empty row", blank, len(read))
    first = counted[0]
    log.info("%s: %d of %d images", first["quantity"], first["n"], first["of"])
    log.info("written: %s", planned.folder / f"{table_2.NAME}.png")
