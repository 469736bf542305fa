"""shown_answer: how the pages of a question write an answer and its numbers."""

from __future__ import annotations

import math
from typing import Any

from elsewhere.answers.answer import Answer, Number, ScanAnswer, Worth
from elsewhere.figures import words
from elsewhere.pages.questions import Question
from elsewhere.pages.scan import window

_NBSP = "\N{NO-BREAK SPACE}"
_UNKNOWN = "unknown spacing"


def sentence(text: str) -> str:
    """Return text that begins like a sentence and ends like one."""
    begun = text[:1].upper() + text[1:]
    return begun if begun.endswith((".", "!", "?")) else f"{begun}."


def progress(question: Question, before: int) -> str:
    """Say where an unanswered question stands."""
    if question.state == "waiting":
        questions = "1 question is" if before == 1 else f"{before} questions are"
        return f"Waiting: {questions} answered before this one."
    from elsewhere.answers.files import READ  # it loads what reads voxels

    if (question.work / READ).is_file():
        return "The files are read. The models look at the scans."
    return "The files are here. They are read, checked and put in order."


def of_number(found: Number) -> str:
    """Write a number with its interval; where there is none, the reason."""
    if found.value is None:
        return f"none ({found.reason})" if found.reason else "none"
    if found.low is None or found.high is None:
        return f"none ({found.reason or 'it has no interval'})"
    low, high = words.number(found.low), words.number(found.high)
    return f"{words.number(found.value)} ({low}{_NBSP}to{_NBSP}{high})"


def tested(worth: Worth) -> str:
    """Write on how many a number rests: patients before scans."""
    if worth.n_scans is None:
        return "–"
    if worth.n_patients is None:
        return f"{worth.n_scans:,} scans, {worth.n_positive:,} positive; patients unknown"
    patients = f"{worth.n_patients:,} patients, {worth.n_positive_patients:,} positive"
    return f"{patients}; {worth.n_scans:,} scans, {worth.n_positive:,} positive"


def geometry(scan: ScanAnswer) -> str:
    """Write the size of a scan: slices, rows, columns, and mm."""
    slices, rows, columns = scan.shape
    counted = "one image" if slices == 1 else f"{slices} slices"
    known = [one for one in scan.spacing_mm if one is not None]
    apart = " × ".join(f"{one:.2f}" for one in known) + " mm" if known else _UNKNOWN
    return f"{counted} of {rows} × {columns}, {apart}"


def held_to(answer: Answer, scan: ScanAnswer, output: str) -> dict[str, Worth]:
    """Return what the arm is worth where scans are most similar, and where it is worst."""
    near = answer.at(scan.similar[0].site, output) if scan.similar else None
    worst = answer.worst(output)
    if near is not None and near == worst:
        return {"most similar, and lowest AUC": near}
    found = {"most similar": near, "lowest AUC": worst}
    return {place: worth for place, worth in found.items() if worth is not None}


def windows(question: Question) -> dict[int, tuple[float, float]]:
    """Return between which values the picture of each scan first runs from black to white."""
    scans = question.answer.scans if question.answer is not None else ()
    return {one.number: window(_values(question, one)) for one in scans if not one.hidden}


def _values(question: Question, scan: ScanAnswer) -> dict[str, Any]:
    """Return scale and range of a scan's values; the range only where no scale gives a window."""
    row: dict[str, Any] = {"value_scale": scan.value_scale, "value_min": 0, "value_max": 0}
    if scan.value_scale == "grey":
        from elsewhere.answers import files  # half of the time of a start
        from elsewhere.imaging import store

        voxels = store.read(files.volume_file(question.work, scan.number))
        row |= {"value_min": voxels.min(), "value_max": voxels.max()}
    return row


def nifti_of(question: Question, what: str, number: int) -> bytes | None:
    """Return a volume or map of an answer as NIfTI; None where there is none to be shown."""
    scans = question.answer.scans if question.answer is not None else ()
    scan = next((one for one in scans if one.number == number), None)
    if scan is None or scan.hidden or (what == "map" and scan.map is None):
        return None
    from elsewhere.answers import files  # half of the time of a start
    from elsewhere.imaging import store
    from elsewhere.pages import nifti

    apart = [math.nan if one is None else one for one in scan.spacing_mm]
    spacing = {f"spacing_{axis}_mm": one for axis, one in zip("zyx", apart, strict=True)}
    where = nifti.geometry({**spacing, "affine": scan.affine})
    if what == "volume":
        return nifti.packed(store.read(files.volume_file(question.work, number)), where)
    heat = store.read(files.map_file(question.work, number))
    return nifti.packed(heat, where.over(heat.shape, of=scan.shape))
