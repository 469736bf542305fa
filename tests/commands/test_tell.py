import typer
from typer.testing import CliRunner

from elsewhere.commands import tell


def test_its_commands_are_added_to_any_app_and_say_what_they_need() -> None:
    app = typer.Typer()
    tell.add(app)
    shown = CliRunner().invoke(app, ["--help"]).output
    assert all(f" {name} " in shown for name in ("checklist", "methods", "crate"))
    assert "--out" in CliRunner().invoke(app, ["crate", "nguyen2021"]).output
