"""problem: one line for each mistake, with the file that holds it."""

from elsewhere.design.merge import merge
from elsewhere.design.problem import Problem, listed, message, missing

VALUES = merge(
    {
        "params.yaml": {"scale": "demo"},
        "config/a.yaml": {"t": {"base": {"x": 1, "y": {"z": 1}}}},
        "config/b.yaml": {"t": {"row": {"like": "base", "x": 2}}},
    }
)


def test_the_file_is_that_of_the_value() -> None:
    assert message([Problem("t.row.x", "is odd")], VALUES) == "config/b.yaml: t.row.x: is odd"
    assert message([Problem("scale", "is odd")], VALUES) == "params.yaml: scale: is odd"
    assert message([Problem("t.row.y.z", "is odd")], VALUES).startswith("config/a.yaml: ")


def test_plain_values_have_no_file() -> None:
    assert message([Problem("t.row.x", "is odd")], dict(VALUES)) == "t.row.x: is odd"


def test_several_are_counted_and_each_is_told_once() -> None:
    twice = [Problem("t.row.x", "is odd"), Problem("scale", "is odd"), Problem("scale", "is odd")]
    assert message(twice, VALUES).splitlines() == [
        "2 settings cannot be used:",
        "  config/b.yaml: t.row.x: is odd",
        "  params.yaml: scale: is odd",
    ]


def test_a_value_taken_with_like_is_told_of_its_own_row() -> None:
    both = [Problem("t.row.y.z", "is odd"), Problem("t.base.y.z", "is odd")]
    assert message(both, VALUES) == "config/a.yaml: t.base.y.z: is odd"


def test_names_are_listed_in_order() -> None:
    assert listed({"b": 1, "a": 2}) == "a, b"
    assert listed([]) == "none"
    assert missing("t.x", ["a", "c"], {"b": 1, "a": 2}, "t") == [
        Problem("t.x", "'c' is not in t; there are a, b")
    ]
