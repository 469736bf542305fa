"""Sums of an estimate, and all of it as JSON."""

import json

import pytest

from elsewhere.commands.estimate import Wanted, estimate
from elsewhere.commands.estimates.work import Machine


def amounts(content):
    if isinstance(content, dict) and "low" in content:
        yield content
    elif isinstance(content, dict | list):
        for inner in content.values() if isinstance(content, dict) else content:
            yield from amounts(inner)


@pytest.mark.usefixtures("empty")
def test_sums_are_those_of_the_parts(at):
    made = estimate(at("demo"), Wanted("ucadi", "demo", Machine(2, 1)))
    sums = made.sums()
    for end in (0, 1):
        parts = sum(line.bytes.amount.ends()[end] for line in made.disk if line.bytes.amount.known)
        assert sums["disk"].amount.ends()[end] == pytest.approx(parts)
        hours = sum(step.seconds.amount.ends()[end] for step in made.steps)
        assert sums["cpu_seconds"].amount.ends()[end] == pytest.approx(hours)
    assert "gpu_seconds" not in sums


@pytest.mark.usefixtures("empty")
def test_every_number_of_the_json_says_where_it_comes_from(at):
    made = estimate(at("demo"), Wanted("nguyen2021", "paper", Machine(2, 1)))
    content = json.loads(json.dumps(made.plain(), allow_nan=False))
    found = [*amounts(content)]
    assert len(found) > 50
    assert all(amount["source"] for amount in found)
    assert all((amount["low"] is None) == (amount["high"] is None) for amount in found)
    assert any(amount["low"] is None for amount in found)
