"""tell: commands about a study: estimate before it runs; matrix, checklist, ask ... after it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from elsewhere.commands import arguments


def add(app: typer.Typer) -> None:
    """Add the commands to those of `elsewhere`."""
    for command in (estimate, matrix, checklist, methods, crate, ask, serve):
        app.command()(command)


def estimate(
    study: arguments.StudyName,
    *,
    scale: Annotated[str | None, typer.Option(help="default: the scale in params.yaml")] = None,
    on: Annotated[
        str | None,
        typer.Option(metavar="CORES,GPUS", help="default: the cores of this machine, one GPU"),
    ] = None,
    slices: Annotated[
        str | None, typer.Option(help="of a CT scan, where nobody states a number: 60-400")
    ] = None,
    json: Annotated[Path | None, typer.Option(help="also write the numbers as JSON")] = None,
) -> None:
    """Estimate disk, memory and time of a study by step, and say where each number is from."""
    from elsewhere.commands import estimate as command
    from elsewhere.design.params import load

    wanted = command.Wanted(study, scale, command.machine(on), command.slices(slices))
    made = command.estimate(load(), wanted)
    command.show(made)
    if json is not None:
        command.write(made, json)


def matrix(study: arguments.StudyName) -> None:
    """Print a study's generalization matrix, where its figures are, and whether it is current."""
    from elsewhere.commands.matrix import outdated, show
    from elsewhere.design.params import read

    show(Path("results") / study)
    if warning := outdated(read(), study):
        typer.secho(warning, err=True, fg="yellow")


def checklist(study: arguments.StudyName) -> None:
    """Write reporting checklists of a finished study, filled from its files or left open."""
    from elsewhere.commands.checklist import write
    from elsewhere.design.params import read

    for line in write(read(), study):
        typer.echo(line)


def methods(study: arguments.StudyName) -> None:
    """Print the methods paragraph of a finished study with its numbers, and write it to a file."""
    from elsewhere.commands.methods import write
    from elsewhere.design.params import read

    text, path = write(read(), study)
    typer.echo(f"{text}\nwritten to {path}")


def crate(
    study: arguments.StudyName,
    out: Annotated[Path, typer.Option(help="a folder that is not there yet, or a file .zip")],
) -> None:
    """Export a finished study as an RO-Crate, without images and keys of patients."""
    from elsewhere.commands.crate import write
    from elsewhere.design.params import read

    for line in write(read(), study, out):
        typer.echo(line)


def ask(
    folder: Annotated[Path, typer.Argument(help="a folder, a file or a zip with a scan")],
    *,
    study: Annotated[str, typer.Option(help="a study that is trained and scored here")],
    arm: Annotated[str, typer.Option(help="whose models are asked")],
    site: Annotated[
        str | None, typer.Option(help="row of `sites` that the files are from; default: elsewhere")
    ] = None,
    json: Annotated[Path | None, typer.Option(help="also write the answer as JSON")] = None,
) -> None:
    """Ask an arm about a scan: whether it is one for this arm, what it says, what that is worth."""
    from rich.console import Console

    from elsewhere.answers.answer import Wanted
    from elsewhere.commands.ask import answered, shown, write

    answer = answered(folder, Wanted(study, arm, site))
    console = Console(highlight=False)
    for part in shown(answer):
        console.print(part)
    if json is not None:
        write(answer, json)
    if not any(scan.answered for scan in answer.scans):
        raise typer.Exit(1)


def serve(
    *,
    port: Annotated[int, typer.Option(min=1, max=65535, help="of this machine")] = 8321,
    no_ask: Annotated[
        bool, typer.Option("--no-ask", help="only show results, take no scans from outside")
    ] = False,
    as_root: Annotated[
        bool, typer.Option("--as-root", help="where root is the only user: in a container")
    ] = False,
) -> None:
    """Serve pages over the results to the browser of this machine, until Ctrl-C."""
    from elsewhere.commands.serve import serve as start

    start(Path(), port=port, asks=not no_ask, as_root=as_root)
