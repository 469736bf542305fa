"""asking: puts files from outside to an arm: intake, checks, prediction, and what it is worth."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from pyarrow import ArrowInvalid

from elsewhere.answers import calls, process, unpacked, worth
from elsewhere.answers.answer import (
    Answer,
    Check,
    Map,
    Place,
    Refused,
    ScanAnswer,
    Similar,
    Unused,
    Wanted,
)
from elsewhere.answers.checks import Asked, beyond, checks
from elsewhere.answers.files import ASKED, READ, SAID, read_json, scanned, spacing
from elsewhere.answers.question import Question
from elsewhere.answers.renamed import kept_names
from elsewhere.answers.seen import Scans, learnt, scans
from elsewhere.design.params import load
from elsewhere.design.serving import ServeRow
from elsewhere.files import walk
from elsewhere.imaging.preparation import preparation
from elsewhere.scores import nearest
from elsewhere.sites.hidden import FLAGS

_TRAINED = "the training sites"
_IMAGES = ("PNG", "JPEG", "TIFF", "BMP", "WebP")


@dataclass(frozen=True)
class _Limited:
    """The folder of a question, and what its processes may cost."""

    work: Path
    limits: ServeRow
    stop: threading.Event | None

    def run(self, module: str, *arguments: str, memory: bool = True) -> None:
        """Run a module of this room to its end, without a limit of address space if it needs CUDA.

        CUDA reserves far more of it than it uses. The module opens no file from outside.
        """
        limits = self.limits if memory else self.limits.model_copy(update={"memory_gb": 0})
        process.run(module, arguments, work=self.work, limits=limits, stop=self.stop)


def ask(
    folder: Path,
    wanted: Wanted,
    *,
    work: Path,
    limits: ServeRow,
    stop: threading.Event | None = None,
) -> Answer:
    """Return what an arm says of the scans among some files.

    Parameters
    ----------
    folder
        A folder, a single file or a zip.
    wanted
        Whose models are asked; they are trained and scored.
    work
        An existing private folder, empty but for files that were sent. Nothing outside it is
        written. Afterwards it has the voxels of each scan, and the Grad-CAM map of each scan that
        was answered, see `answers.files`.
    limits
        What the question may bring and cost.
    stop
        Set to take the question back.

    Raises
    ------
    Refused
        With a sentence for the person who asks.
    elsewhere.answers.process.Stopped
        If `stop` was set.
    """
    limited = _Limited(work, limits, stop)
    try:
        return _asked(folder, wanted, limited)
    except FileNotFoundError as error:
        if not (sentence := process.missing(error)):
            raise
        raise Refused(sentence) from None
    except (json.JSONDecodeError, ArrowInvalid):
        raise Refused(
            "a file of the study's results is damaged, or is being written; `dvc status` says "
            "which files are not as they were made"
        ) from None


def _asked(folder: Path, wanted: Wanted, limited: _Limited) -> Answer:
    started = time.monotonic()
    question = Question(load(), wanted)
    read, names = _read(folder, question, limited)
    judged = _judged(question, read["scans"])
    said = _said(question, [one.number for one in judged if not one.refusals], limited)
    return Answer(
        study=wanted.study,
        study_title=question.study.title,
        arm=wanted.arm,
        arm_title=question.arm_title,
        scale=question.params.scale,
        trained_on=tuple(Place(row, question.title(row)) for row in question.trained_on),
        classes=question.study.classes,
        exclusive=bool(question.classes),
        synthetic=question.synthetic,
        site=wanted.site,
        worth=worth.of_sites(question),
        scans=tuple(_answered(question, one, said.get(str(one.number))) for one in judged),
        unused=tuple(_unused(row, names) for row in read["unused"]),
        files=read["files"],
        files_used=read["used"],
        seconds=time.monotonic() - started,
    )


def _read(
    folder: Path, question: Question, limited: _Limited
) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """Return what the ingestion made of the files, and their own names where they got others."""
    root, names = _folder(folder, limited)
    asked = {
        "folder": str(root.resolve()),
        "modality": question.modality,
        "first_slice": question.first_slice,
        "intake": question.intake.model_dump(),
    }
    (limited.work / ASKED).write_text(json.dumps(asked), encoding="utf-8")
    limited.run("intake")
    return read_json(limited.work / READ), names


def _folder(given: Path, limited: _Limited) -> tuple[Path, Mapping[str, str]]:
    """Return a folder with the files, and their own names where they got others."""
    if given.is_dir():
        most = limited.limits.files + 1  # a link may lead to a whole disk
        count = sum(1 for _ in islice(walk(given, set()), most))
        if not count:
            raise Refused(f"{given}: this folder is empty; name the folder, file or zip of a scan")
        unpacked.check_count(count, limited.limits)
        return given, {}
    if not given.is_file():
        raise Refused(f"{given}: no such file or folder; name the folder, file or zip of a scan")
    inside = limited.work / "unpacked"
    if unpacked.is_archive(given):
        return inside, unpacked.unpack(given, inside, limits=limited.limits)
    inside.mkdir()
    kept = kept_names([given.name])[0]
    (inside / kept).parent.mkdir()
    (inside / kept).symlink_to(given.resolve())
    return inside, {kept: given.name}


def _judged(question: Question, read: Sequence[Mapping[str, Any]]) -> list[ScanAnswer]:
    """Return each scan with its checks and cautions, without a probability yet."""
    if not read:
        return []
    shas = [one["row"]["volume_sha256"] for one in read]
    seen = scans(question.wanted.study, question.evaluated, also=shas)
    if seen.rows.empty:
        raise Refused(
            "no scan of the sites where this arm was evaluated is here, so that nothing says "
            "whether this is a scan for it; run `dvc pull`, or ask where their scans are"
        )
    trained = seen.of(question.trained_on, _TRAINED)
    return [_scan(question, number, one, seen, trained) for number, one in enumerate(read, 1)]


def _scan(
    question: Question, number: int, one: Mapping[str, Any], seen: Scans, trained: Scans
) -> ScanAnswer:
    row: Mapping[str, Any] = one["row"]
    measured = {**one["profile"], "signature": bytes.fromhex(one["profile"]["signature"])}
    asked = Asked({**row, **spacing(row)}, measured)
    dz, dy, dx = (row[name] for name in spacing(row))
    return ScanAnswer(
        number=number,
        value_scale=row["value_scale"],
        shape=(row["n_slices"], row["rows"], row["columns"]),
        spacing_mm=(dz, dy, dx),
        affine=row["affine"],
        hidden=not FLAGS.isdisjoint(row["flags"].split(";")),
        sha256=row["volume_sha256"],
        checks=(*checks(asked, seen), *_input(question, row)),
        cautions=(*_cautions(question, asked, seen, trained),),
        similar=(*_similar(question, asked, seen),),
    )


def _input(question: Question, row: Mapping[str, Any]) -> Iterator[Check]:
    """Yield a check that failed if the arm's input does not take the scan."""
    try:
        preparation(question.settings["input"]).check([scanned(row)])
    except ValueError as error:
        yield Check("input", False, f"The arm's input does not take it: {error}.")


def _cautions(question: Question, asked: Asked, seen: Scans, trained: Scans) -> Iterator[str]:
    yield from _known(question, asked, seen)
    for sentence in beyond(asked, seen):
        yield f"A little beyond what was seen: {sentence}"
    if asked.row["source_format"] in _IMAGES and asked.row["n_slices"] > 1:
        yield (
            "Images do not say which end of the patient they begin with: the first was taken to be "
            f"at the {question.first_slice}."
        )
    if len(trained.rows):
        for check in checks(asked, trained):
            if not check.passed:
                yield f"Unlike the training sites: {check.sentence}"
    stage = question.study.second_stage
    if stage is not None:
        yield (
            f"This arm classifies further what arm {stage.arm} of {stage.study} calls "
            f"{stage.called}; of another scan its answer means nothing."
        )
    if question.arm.selection == "test":
        yield "The weights of this arm were chosen on test scans: its numbers are too good."


def _known(question: Question, asked: Asked, seen: Scans) -> Iterator[str]:
    """Say where the very scan is in the study: a model that learnt from it knows its label."""
    rows = seen.rows[seen.rows["volume_sha256"] == asked.row["volume_sha256"]]
    for site, scan in zip(rows["site"], rows["scan_id"], strict=True):
        where = f"This very scan is one of {question.title(site)} in this study"
        folds = {int(run.split("-")[0]) for run in question.files("model")}
        used = (
            folds & learnt(question.wanted.study, site, scan)
            if site in question.trained_on
            else set()
        )
        if used:
            yield f"{where}, and models of the arm were made with it: they have seen the answer."
        else:
            yield f"{where}; no model of the arm learnt from it."


def _similar(question: Question, asked: Asked, seen: Scans) -> Iterator[Similar]:
    alike = seen.by_scale.get(asked.row["value_scale"])
    if alike is not None:
        found = nearest.votes(nearest.distances(asked.histogram, alike.values), alike.values)
        for site, votes in found.items():
            yield Similar(site, question.title(site), votes, sum(found.values()))


def _said(
    question: Question, numbers: Sequence[int], limited: _Limited
) -> Mapping[str, Mapping[str, Any]]:
    """Return what each run says of the scans that passed."""
    if not numbers:
        return {}
    arguments = (question.wanted.study, question.wanted.arm, question.site or "")
    limited.run("predict", *arguments, ",".join(map(str, numbers)), memory=question.on_cpu)
    said: Mapping[str, Mapping[str, Any]] = read_json(limited.work / SAID)
    return said


def _answered(question: Question, scan: ScanAnswer, said: Mapping[str, Any] | None) -> ScanAnswer:
    if said is None:
        return scan
    like = question.site or (scan.similar[0].site if scan.similar else None)
    return replace(
        scan,
        outputs=calls.outputs(question, said["runs"], like=like),
        map=None if said["map"] is None else Map(**said["map"]),
        map_reason=said["map_reason"],
    )


def _unused(row: Mapping[str, Any], names: Mapping[str, str]) -> Unused:
    return Unused(**{**row, "path": _own_name(row["path"], names)})


def _own_name(path: str, names: Mapping[str, str]) -> str:
    """Return what a stranger calls a file or a folder that we named; of a file alone its name."""
    inside = [said for kept, said in names.items() if kept.startswith(f"{path}/")]
    if path in names or not inside:
        return names.get(path, path)
    folder = inside[0].replace("\\", "/").rpartition("/")[0]
    return folder or (inside[0] if len(inside) == 1 else "the top of the archive")
