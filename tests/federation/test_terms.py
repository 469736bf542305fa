"""Who is in which round is data (C-18)."""

from elsewhere.federation.terms import Plan


def test_members_of_a_round():
    plan = Plan(("a", "b", "c"), 5, {"b": (3, 4), "c": (1,)})
    assert [plan.members(number) for number in range(1, 6)] == [
        ("a", "b"), ("a", "b", "c"), ("a", "c"), ("a", "c"), ("a", "b", "c"),
    ]  # fmt: skip
