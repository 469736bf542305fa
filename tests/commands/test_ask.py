"""The terminal says what the answer says, and names only what its user typed."""

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console
from small_project import ASKED_ARM, GROUP, STUDY
from typer.testing import CliRunner

from elsewhere.cli import app
from elsewhere.commands.ask import MOST, shown, write

pytestmark = pytest.mark.xdist_group(GROUP)


def text(answer):
    console = Console(width=200, record=True, file=open("/dev/null", "w", encoding="utf-8"))  # noqa: SIM115
    for part in shown(answer):
        console.print(part)
    return console.export_text()


def test_the_notice_is_first_and_nothing_is_missing(asked):
    told = text(asked.answer)
    assert told.index("For research only") < told.index("trained on UTSW, CC-CCII")
    for scan in asked.answer.scans:
        assert f"Scan {scan.number}:" in told
        assert f"{scan.outputs[0].probability:.3f}, threshold" in told
    for name in ("most similar site", "site of its lowest AUC", "patients", "95% intervals"):
        assert name in told
    assert "synthetic scans: they know nothing of patients" in told


def test_a_refused_scan_has_a_reason_and_no_probability(asked):
    scan = asked.answer.scans[0]
    no = replace(scan.checks[0], passed=False, sentence="It is a photograph.")
    refused = replace(scan, checks=(no,), outputs=(), cautions=())
    told = text(replace(asked.answer, scans=(refused,)))
    assert "It is a photograph." in told
    assert "No probability" in told
    assert "COVID-19 positive: probability" not in told


def test_names_of_files_cannot_change_the_look(asked):
    """A name in brackets would be markup."""
    unused = replace(asked.answer.unused[0], path="[red]x[/red].txt")
    assert "[red]x[/red].txt" in text(replace(asked.answer, unused=(unused,)))


def test_names_of_files_cannot_steer_the_terminal(asked):
    """Escape sequences may change its title or its clipboard, and U+202E the order of letters."""
    unused = replace(
        asked.answer.unused[0], path="a\x1b]52;c;cm0=\x07\x9b2J\u202etxt.exe\r\nb/ä 1.dcm"
    )
    with io.StringIO() as file:
        console = Console(width=200, file=file, force_terminal=True)
        for part in shown(replace(asked.answer, unused=(unused,))):
            console.print(part)
        told = file.getvalue()
    assert not any(letter in told for letter in ("\x1b]", "\x9b", "\x07", "\u202e", "\r"))
    assert "b/ä 1.dcm" in told


def test_of_many_files_some_are_shown(asked):
    many = (asked.answer.unused[0],) * (MOST + 5)
    assert "and 5 more" in text(replace(asked.answer, unused=many))


def test_numbers_that_are_undefined_have_their_reason(asked):
    assert "AUC undefined" in text(asked.answer)


def test_json_is_written(asked, tmp_path):
    write(asked.answer, tmp_path / "answer.json")
    told = json.loads((tmp_path / "answer.json").read_text(encoding="utf-8"))
    assert told["arm"] == ASKED_ARM
    assert "Doe" not in json.dumps(told)


def test_files_without_a_scan_end_with_1(finished, tmp_path, monkeypatch):
    monkeypatch.chdir(finished)
    (tmp_path / "letter.txt").write_text("x", encoding="utf-8")
    given = ["ask", str(tmp_path), "--study", STUDY, "--arm", ASKED_ARM]
    done = CliRunner().invoke(app, given)
    assert done.exit_code == 1
    assert "No scan was found among the files." in done.output
    assert "letter.txt" in done.output


@pytest.mark.parametrize("option", ["--study", "--arm"])
def test_an_unknown_name_is_an_error_that_says_what_there_is(finished, monkeypatch, option):
    monkeypatch.chdir(finished)
    given = {"--study": STUDY, "--arm": ASKED_ARM, option: "nothing"}
    done = CliRunner().invoke(app, ["ask", ".", *(x for pair in given.items() for x in pair)])
    assert isinstance(done.exception, ValueError)
    assert "there are" in str(done.exception)
