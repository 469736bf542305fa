from __future__ import annotations

from elsewhere.design import kinds
from elsewhere.design.claim_rows import ClaimRow, claim_kinds


def test_the_kinds_of_a_papers_claims_are_those_of_its_table():
    """B-38 to B-42, and A-66, A-73 and A-74, name each kind once."""
    named = {study: claim_kinds(study) for study in ("chestxray", "nguyen2021")}
    assert sorted(sum(named.values(), ())) == [*kinds.names("claims")]
    assert {study: len(of_study) for study, of_study in named.items()} == {
        "chestxray": 5,
        "nguyen2021": 5,
    }
    assert claim_kinds("contrastive") == ()
    assert claim_kinds(None) == ()


def test_every_kind_says_what_it_compares_and_what_its_limit_is():
    for name in kinds.names("claims"):
        row = kinds.row_class("claims", name)
        assert issubclass(row, ClaimRow)
        assert row.compares
        assert row.limit
