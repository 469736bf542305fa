"""ask: shows in a terminal what an arm says of scans from outside, and what that is worth."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from elsewhere.answers.answer import Answer, Number, Output, ScanAnswer, Unused, Wanted, Worth
from elsewhere.answers.asking import ask
from elsewhere.design.params import load
from elsewhere.files import whole

MOST = 20  # files without a scan that are shown; `--json` has all
_ELSEWHERE = (
    "If it is one, from a place where the arm was never evaluated: `elsewhere new site` adds "
    "labelled scans of that place, and the study then says what the arm is worth there."
)
_MARK = {True: "[green]yes[/green]", False: "[bold red]no[/bold red]"}


def answered(folder: Path, wanted: Wanted) -> Answer:
    """Put a folder, a file or a zip to an arm; nothing of it is kept.

    Raises
    ------
    elsewhere.answers.answer.Refused
        With a sentence that says what to do.
    """
    with tempfile.TemporaryDirectory(prefix="elsewhere-ask-") as work:
        return ask(folder, wanted, work=Path(work), limits=load().serve)


def write(answer: Answer, path: Path) -> None:
    """Write an answer as JSON; it names no file that was asked about."""
    with whole(path) as part:
        part.write_text(answer.to_json(), encoding="utf-8")


def shown(answer: Answer) -> Iterator[RenderableType]:
    """Yield what a terminal shows of an answer.

    Files without a scan are named: whoever typed the folder knows them, and must find them.
    """
    yield Panel(answer.notice, style="bold yellow")
    trained = ", ".join(place.title for place in answer.trained_on)
    yield f"[bold]{escape(answer.arm_title)}[/bold] of {escape(answer.study_title)}"
    yield f"trained on {escape(trained)}; scale {answer.scale}"
    if answer.synthetic:
        yield "[yellow]The models learnt from synthetic scans: they know nothing of patients.[/]"
    if not answer.scans:
        yield "[bold red]No scan was found among the files.[/]"
    for scan in answer.scans:
        yield from _scan(answer, scan)
    if any(scan.answered for scan in answer.scans):
        yield _worth(answer)
    if answer.unused:
        yield _unused(answer)
    yield f"{answer.files_used} of {answer.files} files are in a scan; {answer.seconds:.0f} s"


def _scan(answer: Answer, scan: ScanAnswer) -> Iterator[RenderableType]:
    yield f"\n[bold]Scan {scan.number}[/bold]: {_size(scan)}"
    yield "Is this a scan for this arm?"
    checks = Table(box=None, show_header=False, padding=(0, 1))
    for check in scan.checks:
        checks.add_row(_MARK[check.passed], escape(check.sentence))
    yield checks
    for caution in scan.cautions:
        yield f"[yellow]Caution: {escape(caution)}[/]"
    if scan.similar:
        votes = ", ".join(f"{one.votes} of {one.of} {one.title}" for one in scan.similar)
        yield f"Most similar scans: {escape(votes)}"
    if not scan.answered:
        yield "[bold red]No probability: this is no scan for this arm.[/]"
        yield _ELSEWHERE
    for output in scan.outputs:
        yield _output(output)
        yield from _places(answer, scan, output)


def _size(scan: ScanAnswer) -> str:
    slices, rows, columns = scan.shape
    spacing = " x ".join("?" if one is None else f"{one:.3g}" for one in scan.spacing_mm)
    return f"{slices} x {rows} x {columns}, {spacing} mm, {scan.value_scale}"


def _output(output: Output) -> str:
    of = escape(output.label.replace("_", " "))
    said = f"[bold]{of}: probability {output.probability:.3f}[/bold]"
    if output.called is None:
        return f"{said}, no threshold is known"
    call = "called" if output.called else "not called"
    if output.threshold is None:
        return f"{said}, {call}: {'the' if output.called else 'not the'} most probable class"
    return f"{said}, threshold {output.threshold:.3f}: {call}"


def _places(answer: Answer, scan: ScanAnswer, output: Output) -> Iterator[str]:
    """Yield what the arm is worth at the most similar site and at that of the lowest AUC."""
    similar = answer.at(scan.similar[0].site, output.name) if scan.similar else None
    worst = answer.worst(output.name)
    places = {"most similar site": similar, "site of its lowest AUC": worst}
    if similar == worst:
        places = {"most similar site, which has its lowest AUC": similar}
    for what, one in places.items():
        if one is not None:
            yield f"  at the {what}, {escape(one.title)}: {_numbers(one)}"


def _numbers(one: Worth) -> str:
    if one.reason:
        return escape(one.reason)
    level = f"{one.confidence:.0%}"
    numbers = (("AUC", one.auc), ("sensitivity", one.sensitivity), ("specificity", one.specificity))
    told = ", ".join(f"{name} {_number(number)}" for name, number in numbers)
    return f"{told} ({level} intervals; {_counts(one)})"


def _number(number: Number) -> str:
    if number.value is None:
        return f"none ({escape(number.reason)})"
    return f"{number.value:.2f} ({number.low:.2f} to {number.high:.2f})"


def _counts(one: Worth) -> str:
    if one.n_scans is None:
        return "not tested"
    if one.n_patients is None:
        return f"{one.n_scans} scans, {one.n_positive} positive; patients are not known"
    patients = f"{one.n_patients} patients, {one.n_positive_patients} positive"
    return f"{patients}; {one.n_scans} scans, {one.n_positive} positive"


def _worth(answer: Answer) -> Table:
    """Return all sites in a table."""
    level = f"{answer.worth[0].confidence:.0%}" if answer.worth else ""
    columns = ("site", "AUC", "sensitivity", "specificity", "tested")
    named = any(one.output for one in answer.worth)
    title = f"What this arm is worth ({level} intervals)"
    table = Table(*(("finding or class",) if named else ()), *columns, title=title)
    for one in answer.worth:
        site = f"{escape(one.title)}{' (trained on)' if one.trained_on else ''}"
        numbers = [_short(number) for number in (one.auc, one.sensitivity, one.specificity)]
        tested = escape(one.reason) or f"{_counts(one)}{_undefined(one)}"
        table.add_row(
            *([escape(one.output.replace("_", " "))] if named else []), site, *numbers, tested
        )
    return table


def _undefined(one: Worth) -> str:
    return "" if one.auc.value is not None else f"; {escape(one.auc.reason)}"


def _short(number: Number) -> str:
    return "-" if number.value is None else _number(number)


def _unused(answer: Answer) -> RenderableType:
    """Return the files that are in no scan, with reason and remedy; rejected ones first."""
    table = Table("file", "reason", "remedy", title="Files that were not used")
    ordered = sorted(answer.unused, key=lambda one: not one.rejected)
    for one in ordered[:MOST]:
        table.add_row(_named(one), escape(f"{one.sentence} ({one.detail})"), escape(one.remedy))
    more = len(ordered) - MOST
    return Group(table, f"and {more} more; --json has all") if more > 0 else table


def _named(one: Unused) -> str:
    """Return the name of a file; one of a stranger may hold what steers a terminal."""
    files = f" ({one.files} files)" if one.files > 1 else ""
    path = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in one.path
    )
    return f"{escape(path or f'file {one.number}')}{files}"
