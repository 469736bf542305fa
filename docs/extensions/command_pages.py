"""command_pages: writes the reference of the command line from the commands themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args, get_origin

from typer import Typer
from typer.models import ArgumentInfo, CommandInfo, OptionInfo

from elsewhere.cli import app as cli

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension with Sphinx."""
    app.connect("builder-inited", lambda app: write(Path(app.srcdir) / "generated"))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write(folder: Path) -> None:
    """Write the part that the page on commands includes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "commands.md").write_text("\n".join(commands()) + "\n", encoding="utf-8")


def commands() -> Iterator[str]:
    """Yield a section a command, in the order of the source; then those of each group."""
    yield from _commands(cli, "elsewhere")


def _commands(app: Typer, prefix: str) -> Iterator[str]:
    for command in app.registered_commands:
        if command.hidden or command.callback is None:
            continue
        name = command.name or command.callback.__name__.replace("_", "-")
        yield from _section(command, f"{prefix} {name}")
    for group in app.registered_groups:
        if group.typer_instance is not None and group.name:
            yield from _commands(group.typer_instance, f"{prefix} {group.name}")


def _section(command: CommandInfo, name: str) -> Iterator[str]:
    """Yield heading, meaning, usage and parameters of a command."""
    parameters = list(_parameters(command))
    meaning = command.help or inspect.getdoc(command.callback) or ""
    yield from ["", f"## `{name.removeprefix('elsewhere ')}`", "", meaning, ""]
    yield from ["```sh", " ".join([name, *(shown for shown, _ in parameters)]), "```", ""]
    if any(meaning for _, meaning in parameters):
        yield from ["| argument or option | meaning |", "|---|---|"]
        yield from (f"| `{shown}` | {meaning} |" for shown, meaning in parameters)


def _parameters(command: CommandInfo) -> Iterator[tuple[str, str]]:
    """Yield each parameter as it is typed, and its meaning."""
    assert command.callback is not None
    for parameter in inspect.signature(command.callback, eval_str=True).parameters.values():
        if get_origin(parameter.annotation) is not Annotated:
            raise TypeError(f"{command.callback.__name__}: {parameter.name} is not documented")
        info = get_args(parameter.annotation)[1]
        required = parameter.default is inspect.Parameter.empty
        if isinstance(info, OptionInfo) and not info.hidden:
            yield _option(parameter, info, required=required), info.help or ""
        if isinstance(info, ArgumentInfo):
            name = info.metavar or parameter.name.upper()
            yield name if required else f"[{name}]", info.help or ""


def _option(parameter: inspect.Parameter, info: OptionInfo, *, required: bool) -> str:
    flags = info.param_decls or (f"--{parameter.name.replace('_', '-')}",)
    is_switch = get_args(parameter.annotation)[0] is bool
    text = flags[0] if is_switch else f"{flags[0]} {(info.metavar or parameter.name).upper()}"
    return text if required else f"[{text}]"
