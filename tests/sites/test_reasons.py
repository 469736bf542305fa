import ast
import re
from pathlib import Path

import pytest

from elsewhere.sites.reasons import REASONS, VERDICTS, verdict

ROOT = Path(__file__).parents[2]
MASKS = ROOT / "src/elsewhere/imaging/masks.py"  # a mask is no file of a site
MODULES = [
    path
    for room in ("imaging", "sites")
    for path in (ROOT / "src/elsewhere" / room).rglob("*.py")
    if path != MASKS
]
RAISED = ("Unusable", "Aside")


def raised(modules=MODULES):
    """Every code that a module of imaging or sites gives a file, with the module's name."""
    for path in modules:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            place = {"LeftOut": 1, "Unused": 1}.get(node.func.id, 0)
            if node.func.id not in (*RAISED, "LeftOut", "Unused") or len(node.args) <= place:
                continue
            code = node.args[place]
            if isinstance(code, ast.Constant):
                yield code.value, path.name


def test_every_code_that_is_raised_is_in_the_table():
    found = set(raised())
    assert len(found) > 50
    assert {(code, name) for code, name in found if code not in REASONS} == set()


def test_every_code_of_a_mask_is_on_the_page_about_masks():
    codes = {code for code, _ in raised([MASKS])}
    assert len(codes) >= 4
    page = (ROOT / "docs/own_data.md").read_text(encoding="utf-8")
    assert [code for code in codes if f"`{code}`" not in page] == []


def test_every_code_in_the_table_is_used():
    """As a text in some module: codes are also chosen before they are raised."""
    texts = "".join(path.read_text() for path in MODULES if path.name != "reasons.py")
    assert [code for code in REASONS if f'"{code}"' not in texts] == []


@pytest.mark.parametrize("code", REASONS)
def test_a_reason_says_what_it_means_and_what_to_do(code):
    assert re.fullmatch(r"[a-z0-9_]+", code)
    reason = REASONS[code]
    assert reason.verdict in VERDICTS
    assert reason.sentence.endswith(".")
    assert reason.remedy.endswith(".")
    assert (reason.remedy != "Nothing.") or reason.verdict == "set aside"
    assert "|" not in reason.sentence + reason.remedy


def test_what_the_table_does_not_know_is_rejected():
    assert (verdict("table"), verdict("gap"), verdict("no such code")) == (
        "set aside",
        "rejected",
        "rejected",
    )
