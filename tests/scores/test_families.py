from __future__ import annotations

import re
from pathlib import Path

import pytest
from statsmodels.stats.multitest import multipletests

from elsewhere.scores import families

ROOT = Path(__file__).parents[2]


def test_every_family_stands_in_the_documentation_and_no_other():
    text = (ROOT / "docs/statistics.md").read_text(encoding="utf-8")
    table = text.split("## Families of tests")[1].split("\n## ")[0]
    assert re.findall(r"^\| `([^`]+)`", table, flags=re.MULTILINE) == [*families.FAMILIES]


@pytest.mark.parametrize("family", families.FAMILIES)
def test_a_declared_family_is_adjusted_by_holm(family):
    values = [0.001, 0.04, None, 0.03, 0.5]
    known = [p for p in values if p is not None]
    found = families.adjusted(family, values)
    assert found[2] is None
    assert [p for p in found if p is not None] == pytest.approx(
        list(multipletests(known, method="holm")[1])
    )
    assert families.size(found) == 4


def test_a_family_that_nobody_declared_is_refused():
    with pytest.raises(ValueError, match="no family 'mine' is declared; known: audit"):
        families.adjusted("mine", [0.01])


def test_no_p_is_adjusted_elsewhere():
    """Holm's method is called by this one function."""
    source = ROOT / "src/elsewhere"
    callers = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if re.search(r"\bholm\(", path.read_text(encoding="utf-8"))
    }
    assert callers == {"scores/families.py", "scores/tests.py"}
