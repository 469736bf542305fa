"""kept: a value is made again when a file of it is another, and only then."""

import os

import pytest

from elsewhere.pages.kept import Kept


def counted(kept, path):
    calls = []

    def ask():
        return kept.of("key", [path], lambda: calls.append(1) or len(calls))

    return ask


def test_a_value_is_kept_until_its_file_changes(tmp_path):
    path = tmp_path / "a"
    path.write_text("one")
    ask = counted(Kept(4), path)
    assert [ask(), ask()] == [1, 1]
    path.write_text("longer")
    assert [ask(), ask()] == [2, 2]


def test_a_file_of_the_same_size_and_time_that_replaced_it_is_another(tmp_path):
    path = tmp_path / "a"
    path.write_text("one")
    at = os.stat(path)
    ask = counted(Kept(4), path)
    assert ask() == 1
    other = tmp_path / "b"
    other.write_text("two")
    os.utime(other, ns=(at.st_atime_ns, at.st_mtime_ns))
    other.replace(path)
    assert ask() == 2


def test_a_missing_file_counts_as_such(tmp_path):
    path = tmp_path / "a"
    ask = counted(Kept(4), path)
    assert [ask(), ask()] == [1, 1]
    path.write_text("there")
    assert ask() == 2


def test_what_was_not_asked_for_longest_goes_first():
    kept, made = Kept(2), []

    def ask(key):
        return kept.of(key, [], lambda: made.append(key))

    for key in ("a", "b", "a", "c", "a", "b"):
        ask(key)
    assert made == ["a", "b", "c", "b"]


def test_an_error_is_raised_and_not_kept():
    kept, given = Kept(2), iter([ValueError("half written"), None])

    def make():
        error = next(given)
        if error:
            raise error
        return "whole"

    with pytest.raises(ValueError, match="half written"):
        kept.of("key", [], make)
    assert kept.of("key", [], make) == "whole"


def test_many_light_values_are_kept_or_one_heavy_one():
    kept, made = Kept(10, weigh=len), []

    def ask(key, weight):
        return kept.of(key, [], lambda: made.append(key) or "x" * weight)

    for key in range(10):
        ask(key, 1)
    for key in range(10):
        ask(key, 1)
    assert made == [*range(10)]
    ask("heavy", 50)
    ask("heavy", 50)
    ask(9, 1)
    assert made == [*range(10), "heavy", 9]
