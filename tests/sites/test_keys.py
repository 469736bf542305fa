import hashlib
import hmac
import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from elsewhere.sites import keys
from elsewhere.sites.keys import Keys, SecretError

HASH = re.compile(r"^[0-9a-f]{16}$")


@pytest.fixture
def secret_file(tmp_path, monkeypatch):
    path = tmp_path / "secrets" / "secret"
    monkeypatch.setenv(keys.SECRET_VARIABLE, str(path))
    return path


def test_identifiers_are_the_published_hmac():
    """RFC 2104 with SHA-256, by the standard library."""
    message = b"patient\0a-site\0Patient 1"
    expected = hmac.digest(keys.PUBLIC_KEY, message, hashlib.sha256).hex()[:16]
    assert keys.keys("a-site", private=False).patient("Patient 1") == expected


def test_public_identifiers_are_the_same_everywhere(tmp_path, monkeypatch):
    first = keys.keys("a-site", private=False).scan("COVID/Covid (1).png")
    monkeypatch.chdir(tmp_path)
    assert keys.keys("a-site", private=False).scan("COVID/Covid (1).png") == first
    assert not list(tmp_path.iterdir())


def test_kinds_and_sites_do_not_meet():
    one, other = keys.keys("a", private=False), keys.keys("b", private=False)
    found = {one.patient("x"), one.scan("x"), other.patient("x"), other.scan("x")}
    assert len(found) == 4
    assert all(HASH.match(each) for each in found)


def test_public_paths_stay_private_paths_are_hashed_by_component(secret_file):
    assert keys.keys("a", private=False).path("COVID/1.png") == "COVID/1.png"
    private = keys.keys("a", private=True)
    parts = private.path("SMITH^JOHN/2020/CT").split("/")
    assert len(parts) == 3
    assert all(HASH.match(part) for part in parts)
    assert private.path("SMITH^JOHN/x").split("/")[0] == parts[0]


def test_the_secret_is_made_once_and_for_its_owner_only(secret_file):
    first = keys.keys("a", private=True).patient("P1")
    assert secret_file.stat().st_mode & 0o777 == 0o600
    assert keys.keys("a", private=True).patient("P1") == first
    assert [path.name for path in secret_file.parent.iterdir()] == ["secret"]
    secret_file.unlink()
    assert keys.keys("a", private=True).patient("P1") != first


def test_steps_that_start_together_share_one_secret(secret_file):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: keys.keys("a", private=True).patient("P"), range(8)))
    assert len(set(found)) == 1


def test_without_the_variable_the_secret_lies_in_the_project(tmp_path, monkeypatch):
    monkeypatch.delenv(keys.SECRET_VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    keys.keys("a", private=True)
    assert (tmp_path / ".elsewhere" / "secret").is_file()


def test_a_secret_that_others_can_read_is_refused(secret_file):
    keys.keys("a", private=True)
    os.chmod(secret_file, 0o644)
    with pytest.raises(SecretError, match="chmod 600"):
        keys.keys("a", private=True)


def test_a_short_secret_is_refused(secret_file):
    secret_file.parent.mkdir()
    secret_file.write_text("password")
    secret_file.chmod(0o600)
    with pytest.raises(SecretError, match="8 bytes are no secret"):
        keys.keys("a", private=True)


def test_the_key_is_not_shown():
    assert "hidden" not in repr(Keys("a", True, b"hidden"))
