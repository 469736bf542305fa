"""shown: an estimate as tables for the terminal; each number has the numbers of its sources."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from elsewhere.commands.estimates.holding import PARTS
from elsewhere.commands.estimates.made import Estimate
from elsewhere.commands.estimates.work import Step
from elsewhere.design.amount import Amount, Total, count, duration, parts, size


class Notes:
    """Sources and reasons in the order in which they are first used."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def of(self, amount: Amount | Total) -> str:
        """Return the numbers of the sources of an amount, and take up new ones."""
        source = amount.amount.source if isinstance(amount, Total) else amount.source
        self.texts += [part for part in parts(source) if part not in self.texts]
        return " ".join(str(self.texts.index(part) + 1) for part in parts(source))


def tables(of: Estimate) -> Iterator[Table]:
    """Yield what the terminal shows: scans, steps, disk, what others state, and the sources."""
    notes = Notes()
    yield _scans(of, notes)
    yield _steps(of, notes)
    yield _disk(of, notes)
    if of.beside:
        table = Table("quantity", "stated", "estimate", title="Beside what others state")
        for row in of.beside:
            table.add_row(*row)
        yield table
    table = Table("", "", title="Where numbers come from, and why some are unknown", box=None)
    for number, text in enumerate(notes.texts, start=1):
        table.add_row(str(number), text)
    yield table


def _scans(of: Estimate, notes: Notes) -> Table:
    table = Table(title=f"{of.study} at scale {of.scale}")
    table.add_column("site")
    for name in ("scans", "slices", *PARTS, "from"):
        table.add_column(name, justify="right")
    for site in of.sites.values():
        split = [count(site.parts[part]) for part in PARTS]
        numbers = f"{notes.of(site.scans)} {notes.of(site.slices)}".split()
        source = " ".join(dict.fromkeys(numbers))
        table.add_row(site.row, count(site.scans), count(site.slices), *split, source)
    return table


def _steps(of: Estimate, notes: Notes) -> Table:
    title = f"Steps; wall time with {of.machine.cores} cores, GPUs: {of.machine.gpus}"
    table, sums = Table(title=title, show_footer=True), of.sums()
    hours = [f"{name[:-8]} {duration(one)}" for name, one in sums.items() if "seconds" in name]
    feet = {"step": "all", "device time": "\n".join(hours), "wall time": duration(sums["wall"])}
    names = ("step", "jobs", "work", "device time", "wall time", "memory of a job")
    for name in (*names, "from", "unknown"):
        left = name in ("step", "unknown")
        table.add_column(name, justify="left" if left else "right", footer=feet.get(name, ""))
    for step in of.steps:
        table.add_row(
            step.name,
            str(step.jobs),
            _work(step),
            f"{step.device} {duration(step.seconds)}",
            duration(step.wall),
            size(step.memory),
            notes.of(step.seconds),
            _lacking(step.seconds) if step.seconds.amount.known else "all",
        )
    return table


def _disk(of: Estimate, notes: Notes) -> Table:
    everything = of.sums()["disk"]
    table = Table(title="Disk", show_footer=True)
    table.add_column("what", footer="all")
    table.add_column("of")
    table.add_column("size", justify="right", footer=size(everything))
    table.add_column("from", justify="right")
    table.add_column("without", footer=_lacking(everything))
    for line in of.disk:
        lacking = _lacking(line.bytes) if line.bytes.amount.known else ""
        table.add_row(line.what, line.of, size(line.bytes), notes.of(line.bytes), lacking)
    return table


def _work(step: Step) -> str:
    number = count(step.units)
    units = f"{number} {step.unit[:-1] if number == '1' else step.unit}"
    return units if step.name != "train" else f"{units}\n{count(step.validated)} scans validated"


def _lacking(total: Total) -> str:
    """Return the names of what is not in a sum, the first three of many."""
    more = f" and {len(total.lacking) - 3} more" if len(total.lacking) > 3 else ""
    return ", ".join(total.lacking[:3]) + more
