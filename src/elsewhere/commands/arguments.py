"""arguments: types of arguments and options that several commands of `elsewhere` share."""

from __future__ import annotations

from typing import Annotated

import typer

Expect = Annotated[str | None, typer.Option(hidden=True, help="digest with which it was planned")]
StudyName = Annotated[str, typer.Argument(help="a study in config/studies or params.yaml")]
SiteName = Annotated[str, typer.Argument(help="a row of `sites`")]
Layout = Annotated[
    str | None, typer.Option(help="see `elsewhere layouts`; default: the one that fits")
]
Options = Annotated[
    list[str] | None,
    typer.Option("--option", metavar="KEY=VALUE", help="of the layout, such as classes.normal=0"),
]
Intake = Annotated[str, typer.Option(help="a row of `intakes`: strict, or repair what is safe")]
Privacy = Annotated[str, typer.Option(help="private: keys and paths are hashed; or public")]
Title = Annotated[str | None, typer.Option(help="in figures; default: the name")]
