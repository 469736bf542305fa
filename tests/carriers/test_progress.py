"""Status says how far it is, and at a hospital what has left."""

import pytest
from hospitals import SITES

from elsewhere.carriers import coordinator, progress
from elsewhere.federation.wire import RefusedError


def test_at_the_coordinator(finished):
    text = "\n".join(progress.lines(finished.server))
    assert "2 of 2 rounds are finished" in text
    assert "round 2: north, south, west; " in text
    assert all(f"scores of {site}: received" in text for site in SITES)


def test_at_a_hospital(finished):
    text = "\n".join(progress.lines(finished.home("south")))
    assert "this is south" in text
    assert " round round 2 " in text
    assert "the federation is finished" in text


def test_before_it_starts(federation, tmp_path):
    one = federation()
    (one.server / "cards/west.json").unlink()
    coordinator.leave(one.server, "south")
    text = "\n".join(progress.lines(one.server))
    assert "west: no card yet" in text
    assert "0 of 2 rounds" in text
    assert "left: south" in text
    with pytest.raises(RefusedError, match="none of the members"):
        coordinator.leave(one.server, "east")
    with pytest.raises(RefusedError, match="is missing"):
        [*progress.lines(tmp_path)]
