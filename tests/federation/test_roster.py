"""A hospital's key is its own; the roster is checked."""

import json

import pytest

from elsewhere.federation.roster import Circle, new_identity, write_roster
from elsewhere.federation.wire import RefusedError


def circles(tmp_path):
    public = {name: new_identity(tmp_path / name) for name in ("a", "b", "c")}
    for name in public:
        write_roster(public, tmp_path / name)
    return {name: Circle(tmp_path / name, name) for name in public}


def test_two_share_what_the_third_does_not_know(tmp_path):
    known = circles(tmp_path)
    shared = known["a"].secret("b", info=b"x")
    assert shared == known["b"].secret("a", info=b"x")
    assert len({shared, known["a"].secret("b", info=b"y"), known["c"].secret("b", info=b"x")}) == 3


def test_the_key_is_made_once_and_readable_by_its_user_alone(tmp_path):
    first = new_identity(tmp_path)
    assert new_identity(tmp_path) == first
    assert (tmp_path / "x25519.pem").stat().st_mode & 0o777 == 0o600
    (tmp_path / "x25519.pem").chmod(0o644)
    with pytest.raises(RefusedError, match="can be read by others: chmod 600"):
        new_identity(tmp_path)


def test_an_altered_roster_is_refused(tmp_path):
    known = circles(tmp_path)
    path = tmp_path / "a/roster.json"
    table = json.loads(path.read_text())
    path.write_text(json.dumps(table | {"a": table["b"]}))
    with pytest.raises(RefusedError, match="is not this hospital's own"):
        Circle(tmp_path / "a", "a")
    path.write_text(json.dumps(table | {"b": "00"}))
    with pytest.raises(RefusedError, match="'b' is no X25519 key"):
        Circle(tmp_path / "a", "a")
    path.unlink()
    with pytest.raises(RefusedError, match="exchange public keys"):
        Circle(tmp_path / "a", "a")
    with pytest.raises(RefusedError, match="d is not in the roster of b"):
        known["b"].secret("d", info=b"")


def test_a_hospital_without_a_key_is_told(tmp_path):
    with pytest.raises(RefusedError, match="make the hospital's key first"):
        Circle(tmp_path, "a")
