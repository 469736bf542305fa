"""command_pages: every command is in the documentation, with what one can type behind it."""

import re

import command_pages
import pytest
from typer.testing import CliRunner

from elsewhere.cli import app
from elsewhere.design.steps import STEPS

TEXT = "\n".join(command_pages.commands())
USAGES = re.findall(r"^```sh\nelsewhere (.+)\n```$", TEXT, re.M)


def test_every_step_is_a_command():
    assert {*STEPS} <= {usage.split()[0] for usage in USAGES}


@pytest.mark.parametrize("usage", USAGES)
def test_the_command_line_knows_every_option(usage):
    """As its own help says them; hidden ones are neither here nor there."""
    words = usage.split()
    name = [word for word in words[:2] if word.islower() and "-" not in word[:1]]
    shown = CliRunner().invoke(app, [*name, "--help"], env={"COLUMNS": "200"}).output
    assert "Usage" in shown
    for option in re.findall(r"--[\w-]+", usage):
        assert option in shown
    assert "--expect" not in usage


def test_every_argument_has_a_meaning():
    for line in re.findall(r"^\| `.*$", TEXT, re.M):
        assert re.match(r"^\| `[^`]+` \| .+ \|$", line), line
