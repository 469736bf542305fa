from __future__ import annotations

import re
from pathlib import Path

import pytest
from statsmodels.stats.multitest import multipletests

from elsewhere.scores import families

ROOT = Path(__file__).parents[2]


def test_every_family_stands_in_the_documentation_with_its_kind_and_no_other():
    text = (ROOT / "docs/statistics.md").read_text(encoding="utf-8")
    table = text.split("## Families of tests")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \| (\w+) \| ([^|]+) \|", table, flags=re.MULTILINE)
    assert rows == [(name, *family) for name, family in families.FAMILIES.items()]


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
    with pytest.raises(ValueError, match="no family 'mine' is declared; known: study"):
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


def test_the_audit_belongs_to_the_family_of_the_study_unless_the_study_says_otherwise():
    """Holm by hand: the smallest of five p times 5, the next times 4, and so on."""
    audit, compared = [0.01, None, 0.02], [0.03, 0.012, 0.5]
    together = families.confirmatory(audit, compared=compared, over="study")
    assert together == (
        [pytest.approx(0.05), None, pytest.approx(0.06)],
        [pytest.approx(0.06), pytest.approx(0.05), 0.5],
    )
    apart = families.confirmatory(audit, compared=compared, over="question")
    assert apart == ([0.02, None, 0.02], [pytest.approx(0.06), pytest.approx(0.036), 0.5])
