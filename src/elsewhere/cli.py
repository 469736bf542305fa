"""cli: the command `elsewhere`; a step's name is its subcommand."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A model works here. Does it work elsewhere? Train on every combination of sites, test on "
    "every site. Usually run through `snakemake -j8` or `dvc repro`.",
)

Expect = Annotated[str | None, typer.Option(hidden=True, help="digest with which it was planned")]
StudyName = Annotated[str, typer.Argument(help="a study in config/studies or params.yaml")]
SiteName = Annotated[str, typer.Argument(help="a row of `sites`")]
ArmName = Annotated[str, typer.Argument(help="an arm of the study")]


def main() -> None:
    """Run the command; an expected error becomes one message and exit code 1."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(name)s: %(message)s", datefmt="%H:%M:%S"
    )
    try:
        app()
    except (ValueError, RuntimeError, OSError) as error:
        logging.getLogger("elsewhere").debug("traceback", exc_info=True)
        sys.stderr.write(f"elsewhere: {type(error).__name__}: {error}\n")
        sys.exit(1)


def _step(step: str, wildcards: list[str], expect: str | None) -> None:
    from elsewhere.drivers.execute import run

    run(step, wildcards, expect=expect)


@app.command()
def ingest(site: SiteName, expect: Expect = None) -> None:
    """Reduce a site's raw files to scans in HU and a manifest."""
    _step("ingest", [site], expect)


@app.command()
def prepare(
    row_input: Annotated[str, typer.Argument(metavar="INPUT", help="a row of `inputs`")],
    site: SiteName,
    expect: Expect = None,
) -> None:
    """Clip, resample and store a site's scans as an input's lattice."""
    _step("prepare", [row_input, site], expect)


@app.command()
def audit(study: StudyName, expect: Expect = None) -> None:
    """Find duplicates between a study's sites, and tell label and site from headers alone."""
    _step("audit", [study], expect)


@app.command()
def split(study: StudyName, site: SiteName, expect: Expect = None) -> None:
    """Send patients to training, validation and test, and prove that none is in two."""
    _step("split", [study, site], expect)


@app.command()
def train(
    study: StudyName,
    arm: ArmName,
    run: Annotated[str, typer.Argument(help="<fold>-<seed>")],
    expect: Expect = None,
) -> None:
    """Train one model; a killed run goes on where its last checkpoint stands."""
    _step("train", [study, arm, run], expect)


@app.command()
def predict(study: StudyName, arm: ArmName, site: SiteName, expect: Expect = None) -> None:
    """Apply an arm's models to a site's validation and test parts."""
    _step("predict", [study, arm, site], expect)


@app.command()
def explain(study: StudyName, arm: ArmName, expect: Expect = None) -> None:
    """Show where an arm's first model looks (Grad-CAM), and how it sees sites and classes."""
    _step("explain", [study, arm], expect)


@app.command()
def score(study: StudyName, arm: ArmName, site: SiteName, expect: Expect = None) -> None:
    """Score one cell of the matrix, with intervals."""
    _step("score", [study, arm, site], expect)


@app.command()
def figure(study: StudyName, expect: Expect = None) -> None:
    """Make the matrix, the figures and the report of a study."""
    _step("figure", [study], expect)


@app.command()
def params(
    study: Annotated[str | None, typer.Argument(help="a study; default: all in `run`")] = None,
) -> None:
    """Print what a run would use and where each value comes from, or what is wrong."""
    from elsewhere.design.params import ParamsError, parse, read
    from elsewhere.design.resolved import resolved

    values = read()
    loaded = parse(values)
    if study is not None and study not in loaded.studies:
        raise ParamsError(f"no study '{study}'; there are {', '.join(sorted(loaded.studies))}")
    for name in [study] if study else loaded.run:
        typer.echo(resolved(loaded, values, name))


@app.command()
def describe(
    study: StudyName,
    scale: Annotated[str | None, typer.Option(help="default: the scale in params.yaml")] = None,
) -> None:
    """Print the layers, shapes and parameters of a study's networks."""
    from rich.console import Console

    from elsewhere.design.params import load
    from elsewhere.drivers.describe import tables

    for table in tables(load(), study, scale):
        Console().print(table)


@app.command()
def graph(
    check: Annotated[bool, typer.Option("--check", help="only say whether it is current")] = False,
) -> None:
    """Write dvc.yaml from the settings and the code, and the settings as JSON for DVC."""
    from elsewhere.design.params import parse, read
    from elsewhere.drivers import pipeline

    values = read()
    loaded = parse(values)
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
    from elsewhere.design.params import load, read
    from elsewhere.drivers.phantoms import missing, needed, write_apart, write_missing

    params, values = load(), read()
    names = missing(params, values, sites or needed(params, study=study))
    if len(names) > 1:
        write_apart(names)
    else:
        write_missing(params, values, names)


@app.command()
def pull(site: SiteName) -> None:
    """Fetch the studies of a site's work list from its archive (PACS) to data/raw."""
    from elsewhere.design.params import load
    from elsewhere.drivers.pull import pull_site

    pull_site(load(), site)


@app.command()
def review(study: StudyName) -> None:
    """Write misclassified scans for a reader who is told nothing of them."""
    from elsewhere.design.params import load
    from elsewhere.drivers.review import export

    export(load(), study)


@app.command()
def reviewed(
    study: StudyName,
    form: Annotated[
        Path | None, typer.Argument(metavar="CSV", help="default: review.csv beside the images")
    ] = None,
) -> None:
    """Make Table 2 of the form that a reader filled in, ground truth and probabilities."""
    from elsewhere.design.params import load
    from elsewhere.drivers.reviewed import table

    table(load(), study, form=form)


@app.command()
def matrix(study: StudyName) -> None:
    """Print a study's generalization matrix and where its figures are."""
    from elsewhere.drivers.show import show

    show(Path("results") / study)


@app.command()
def adopt(
    stages: Annotated[list[str], typer.Argument(help="stage names; `all`: every finished stage")],
    reason: Annotated[str, typer.Option(help="why the results still hold; kept in adopted.csv")],
) -> None:
    """Keep finished results after a change of code that was shown to be neutral."""
    from elsewhere.drivers.adopt import adopt as keep

    for name in keep(stages, reason=reason):
        typer.echo(f"adopted {name}")
