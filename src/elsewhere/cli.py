"""cli: the command `elsewhere`; a step's name is its subcommand."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from inspect import Parameter, Signature
from pathlib import Path
from typing import Annotated, Any

import typer

from elsewhere.commands import arguments, federation, tell
from elsewhere.design.steps import STEPS, WILDCARDS, Step
from elsewhere.drivers import logs

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="A model works here. Does it work elsewhere? Train on every combination of sites, test on "
    "every site. Usually run through `snakemake -j8` or `dvc repro`.",
)


def main() -> None:
    """Run the command; an expected error becomes one message and exit code 1."""
    # only warnings of libraries: numexpr writes its number of threads into every log
    logging.basicConfig(format=logs.LINE, datefmt=logs.CLOCK)
    logging.getLogger("elsewhere").setLevel(logging.INFO)
    try:
        app()
    except logs.EXPECTED as error:
        logging.getLogger("elsewhere").debug("traceback", exc_info=True)
        sys.stderr.write(f"{logs.sentence(error)}\n")
        sys.exit(1)


def _print_version(wanted: bool) -> None:
    if not wanted:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        typer.echo(f"elsewhere {version('elsewhere')}")
    except PackageNotFoundError:
        typer.echo(f"elsewhere, not installed, run from {Path(__file__).parents[1]}")
    raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    del version


def _command(step: Step) -> Callable[..., None]:
    """Return a step as a function that typer makes a subcommand of, an argument per wildcard."""

    def command(expect: str | None = None, **wildcards: str) -> None:
        from elsewhere.drivers import start

        start.step(step.name, [*wildcards.values()], expect)

    types: dict[str, Any] = {
        name: Annotated[str, typer.Argument(help=WILDCARDS[name])] for name in step.wildcards
    }
    parameters = [Parameter(name, Parameter.KEYWORD_ONLY, annotation=types[name]) for name in types]
    parameters.append(
        Parameter("expect", Parameter.KEYWORD_ONLY, default=None, annotation=arguments.Expect)
    )
    command.__annotations__ = {**types, "expect": arguments.Expect, "return": None}
    command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return command


for _step in STEPS.values():
    app.command(_step.name, help=_step.help)(_command(_step))


@app.command()
def params(
    study: Annotated[str | None, typer.Argument(help="a study; default: all in `run`")] = None,
) -> None:
    """Print what a run would use and where each value comes from, or what is wrong."""
    from elsewhere.commands.letters import warn
    from elsewhere.design.params import ParamsError, parse, read
    from elsewhere.design.resolved import resolved

    loaded = parse(values := read())
    if study not in (None, *loaded.studies):
        raise ParamsError(f"no study '{study}'; there are {', '.join(sorted(loaded.studies))}")
    for name in [study] if study else loaded.run:
        typer.echo(resolved(loaded, values, name))
        warn(loaded, values, name)


@app.command()
def describe(
    study: arguments.StudyName,
    scale: Annotated[str | None, typer.Option(help="default: the scale in params.yaml")] = None,
) -> None:
    """Print the layers, shapes and parameters of a study's networks."""
    from rich.console import Console

    from elsewhere.commands.describe import tables
    from elsewhere.design.params import load

    for table in tables(load(), study, scale):
        Console().print(table)


@app.command()
def graph(
    check: Annotated[bool, typer.Option("--check", help="only check that it is current")] = False,
) -> None:
    """Write dvc.yaml from the settings and the code, and the settings as JSON for DVC."""
    from elsewhere.design.params import parse, read
    from elsewhere.drivers import bridge, links, pipeline

    values = read()
    loaded = parse(values)
    if bridge.is_on():
        links.choose()
    if check:
        pipeline.check(loaded)
    else:
        changed = pipeline.write(loaded)
        typer.echo(f"dvc.yaml {'written' if changed else 'is current'}")
    pipeline.write_read_by_dvc(values, loaded)


@app.command()
def phantom(
    sites: Annotated[list[str] | None, typer.Argument(help="default: all that `run` needs")] = None,
    study: Annotated[str | None, typer.Option(help="those of one study in `run`")] = None,
) -> None:
    """Write synthetic sites, in their publishers' layouts, to data/raw."""
    from elsewhere.commands.phantom import missing, needed, write_apart, write_missing
    from elsewhere.design.params import load, read

    params, values = load(), read()
    names = missing(params, values, sites or needed(params, study=study))
    if len(names) > 1:
        write_apart(names)
    else:
        write_missing(params, values, names)


@app.command()
def pull(site: arguments.SiteName) -> None:
    """Fetch the studies of a site's work list from its archive (PACS) to data/raw."""
    from elsewhere.commands.pull import pull_site
    from elsewhere.design.params import load

    pull_site(load(), site)


@app.command()
def review(study: arguments.StudyName) -> None:
    """Write misclassified scans for a blinded reader."""
    from elsewhere.commands.review import export
    from elsewhere.design.params import load

    export(load(), study)


@app.command()
def reviewed(
    study: arguments.StudyName,
    form: Annotated[
        Path | None, typer.Argument(metavar="CSV", help="default: review.csv beside the images")
    ] = None,
) -> None:
    """Make Table 2 from the form that a reader filled in, ground truth and probabilities."""
    from elsewhere.commands.reviewed import table
    from elsewhere.design.params import load

    table(load(), study, form=form)


@app.command()
def adopt(
    stages: Annotated[list[str], typer.Argument(help="stage names; `all`: every finished stage")],
    reason: Annotated[str, typer.Option(help="why the results still hold; kept in adopted.csv")],
) -> None:
    """Keep finished results after a change of code that was shown to be neutral."""
    from elsewhere.commands.adopt import adopt as keep

    for name in keep(stages, reason=reason):
        typer.echo(f"adopted {name}")


@app.command()
def check(  # noqa: PLR0913 - options of a command
    path: Annotated[Path, typer.Argument(metavar="PATH", help="folder with the files of a site")],
    *,
    layout: arguments.Layout = None,
    option: arguments.Options = None,
    labels: Annotated[
        Path | None, typer.Option(help="a table in place of the label.csv of the folder")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="CSV to write: each file that is in no scan, and why")
    ] = None,
    intake: arguments.Intake = "strict",
    privacy: arguments.Privacy = "private",
) -> None:
    """Check the files of a site before any study uses them; writes nothing but the report."""
    from elsewhere.commands import check as command

    wanted = command.Wanted(path, layout, option or (), labels, intake, privacy)
    checked = command.check(wanted)
    for line in command.lines(wanted, checked):
        typer.echo(line)
    if report is not None:
        command.write_report(checked, report)
    if not checked.usable:
        raise typer.Exit(1)


@app.command()
def layouts(
    name: Annotated[str | None, typer.Argument(metavar="LAYOUT", help="default: all")] = None,
) -> None:
    """Show the layouts that a site's folder can be in, or the options of one."""
    from rich.console import Console

    from elsewhere.commands.layouts import details, overview

    for part in details(name) if name else [overview()]:
        Console().print(part, highlight=False)


new = typer.Typer(no_args_is_help=True, help="Write the rows of a site or a study of your own.")
app.add_typer(new, name="new")
app.add_typer(federation.app, name="federation")
tell.add(app)


@new.command("site")
def new_site(  # noqa: PLR0913 - options of a command
    name: Annotated[str, typer.Argument(help="of the row, and of the folder in data/raw")],
    *,
    path: Annotated[Path, typer.Option(help="folder with the files of the site")],
    layout: arguments.Layout = None,
    option: arguments.Options = None,
    title: arguments.Title = None,
    intake: arguments.Intake = "strict",
    privacy: arguments.Privacy = "private",
) -> None:
    """Write the row of a site into params.yaml, and link its files to data/raw."""
    from elsewhere.commands.new_site import NewSite, write

    for line in write(NewSite(name, path, layout, option or (), title, privacy, intake)):
        typer.echo(line)


@new.command("study")
def new_study(  # noqa: PLR0913 - options of a command
    name: Annotated[str, typer.Argument(help="of the study, and of its file in config/studies")],
    *,
    like: Annotated[str, typer.Option(help="study whose split, scales and networks it takes")],
    sites: Annotated[list[str], typer.Option(help="rows of `sites` to train on: a,b")],
    external: Annotated[list[str] | None, typer.Option(help="rows tested on alone: c")] = None,
    title: arguments.Title = None,
    classes: Annotated[
        str, typer.Option(help="names of the labels, from 0 on")
    ] = "negative,positive",
) -> None:
    """Write a study of your sites, like one that is there, and add it to `run`."""
    from elsewhere.commands.new_study import NewStudy, write

    wanted = NewStudy(name, like, _names(*sites), _names(*external or ()), title, _names(classes))
    for line in write(wanted):
        typer.echo(line)


def _names(*written: str) -> tuple[str, ...]:
    """Return names that an option was given: one each time, or several with commas."""
    return tuple(name.strip() for text in written for name in text.split(",") if name.strip())
