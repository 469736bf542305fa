"""federation: the commands by which hospitals train together while their scans stay at home.

`init` and `serve` are the coordinator's, `key` and `join` a hospital's; the others are for both.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    no_args_is_help=True,
    help="Train with other hospitals; scans stay at home. See docs/between_hospitals.md.",
)
Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="of this federation, outside the project's results")
]


@app.command()
def init(
    folder: Folder,
    *,
    study: Annotated[str, typer.Option(help="a study in `run`")],
    arm: Annotated[str, typer.Option(help="an arm of it whose method is fedavg")],
    host: Annotated[str, typer.Option(help="name or IP address of this machine")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="TCP port that the hospitals can reach")] = 9092,
) -> None:
    """Coordinator: write the agreement that the hospitals sign up to, and this server's keys."""
    from elsewhere.carriers import coordinator
    from elsewhere.carriers.endpoint import Endpoint
    from elsewhere.carriers.settled import proposed

    here = proposed(Path(), study, arm, server=Endpoint(host, port, authority=""))
    agreement = coordinator.prepare(folder, here)
    typer.echo(f"agreement {agreement.digest[:16]} of {', '.join(agreement.sites)}")
    typer.echo(f"server {agreement.host}:{agreement.port}; read its fingerprint to the hospitals")
    typer.echo(f"by telephone: {agreement.server}")
    typer.echo(f"send {folder / 'agreement.json'} to every hospital; put their cards into")
    typer.echo(f"{folder / 'cards'}; then `elsewhere federation serve {folder}`")


@app.command()
def key(
    folder: Folder,
    *,
    site: Annotated[str, typer.Option(help="this hospital's row of `sites`")],
    agreement: Annotated[Path, typer.Option(help="the file that the coordinator sent")],
) -> None:
    """Hospital: compare the agreement with the settings here, make keys, write the card."""
    from elsewhere.carriers import membership
    from elsewhere.federation.agreement import Agreement

    agreed = Agreement.read(agreement)
    card = membership.prepare(folder, site, agreement=agreed, project=Path())
    typer.echo(f"agreement {agreed.digest[:16]}: the settings here are the same")
    sites = ", ".join(agreed.sites)
    typer.echo(f"{agreed.rounds} rounds of {sites}; encryption {agreed.encryption}")
    typer.echo(f"server {agreed.host}:{agreed.port}; the coordinator must read you the same words:")
    typer.echo(agreed.server)
    typer.echo(f"numbers of fewer than {agreed.fewest_patients} patients stay at home")
    typer.echo(f"card {folder / 'cards' / f'{site}.json'}: send it to coordinator and hospitals;")
    typer.echo(f"read its fingerprint to them by telephone: {card.fingerprint}")


@app.command()
def serve(folder: Folder) -> None:
    """Coordinator: run the server until all rounds and scores are in; start again to go on."""
    _transport("serve")(folder)


@app.command()
def join(folder: Folder) -> None:
    """Hospital: answer the server until the federation is over; start again to go on."""
    from elsewhere.carriers import membership

    for card in membership.meet(folder).values():
        typer.echo(f"{card.site}: {card.fingerprint}")
    membership.opened(folder).check()
    _transport("join")(folder)


@app.command()
def leave(
    folder: Folder,
    *,
    site: Annotated[str | None, typer.Option(help="at the coordinator: who has left")] = None,
) -> None:
    """Hospital: answer no more. Coordinator: go on without a hospital."""
    from elsewhere.carriers import coordinator, membership
    from elsewhere.federation.serving import LEFT

    if site is None:
        membership.leave(folder)
        typer.echo("this hospital answers no more; tell the coordinator")
        typer.echo(f"to take part again: remove {folder / membership.LEFT}, and join")
    else:
        coordinator.leave(folder, site)
        typer.echo(f"the rounds go on without {site}, also while the server runs")
        typer.echo(f"to let it in again: remove its line from {folder / LEFT}")


@app.command()
def status(folder: Folder) -> None:
    """Say how far the federation is; at a hospital, also all that has left it."""
    from elsewhere.carriers import progress

    for line in progress.lines(folder):
        typer.echo(line)


@app.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(metavar="EXPORT", help="the folder of a hospital")],
    *,
    study: Annotated[str, typer.Option(help="a study in `run`")],
    arm: Annotated[str, typer.Option(help="its arm that takes the model over")],
    name: Annotated[str | None, typer.Option(help="in data/federations; default: the arm")] = None,
) -> None:
    """Bring the model and the scores of a finished federation into the project."""
    from elsewhere.carriers.bringing import bring

    called = name or arm
    agreement = bring(folder, called, project=Path(), study=study, arm=arm)
    typer.echo(f"data/federations/{called}: model of {', '.join(agreement.sites)}")
    typer.echo(f"write `federation: {called}` into arm {arm} of study {study}, then run it;")
    typer.echo(f"`dvc add data/federations/{called}` keeps the files for other machines")


def _transport(name: str) -> Callable[[Path], Any]:
    """Return `serve` or `join` of the transport.

    Raises
    ------
    RuntimeError
        If Flower is not installed.
    """
    try:
        from elsewhere.carriers.flower import processes
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in ("flwr", "httpx"):
            raise
        raise RuntimeError(
            "Flower, which carries the messages, is not installed here: `make federation-env`, or "
            "`pip install elsewhere[federation]` in an environment of its own"
        ) from error
    function: Callable[[Path], Any] = getattr(processes, name)
    return function
