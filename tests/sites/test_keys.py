import hashlib
import hmac
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from elsewhere.design import params
from elsewhere.design.graph import stages
from elsewhere.sites import keys
from elsewhere.sites.keys import Keys, SecretError

ROOT = Path(__file__).parents[2]

HASH = re.compile(r"^[0-9a-f]{16}$")


@pytest.fixture
def secret_file(tmp_path, monkeypatch):
    path = tmp_path / "secrets" / "secret"
    monkeypatch.delenv(keys.SECRET_VARIABLE, raising=False)
    monkeypatch.setenv(keys.FILE_VARIABLE, str(path))
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
    monkeypatch.delenv(keys.FILE_VARIABLE, raising=False)
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
    with pytest.raises(SecretError, match="8 bytes are not enough for a secret"):
        keys.keys("a", private=True)


def test_the_secret_may_stand_in_the_environment(secret_file, monkeypatch):
    monkeypatch.delenv(keys.FILE_VARIABLE)
    monkeypatch.setenv(keys.SECRET_VARIABLE, "ab" * 16)
    message = b"patient\0a-site\0P1"
    expected = hmac.digest(b"ab" * 16, message, hashlib.sha256).hex()[:16]
    assert keys.keys("a-site", private=True).patient("P1") == expected
    monkeypatch.setenv(keys.SECRET_VARIABLE, "short")
    with pytest.raises(SecretError, match=r"\$ELSEWHERE_SECRET: 5 bytes") as error:
        keys.keys("a-site", private=True)
    assert "short" not in str(error.value)


def test_two_secrets_are_refused(secret_file, monkeypatch):
    monkeypatch.setenv(keys.SECRET_VARIABLE, "ab" * 16)
    with pytest.raises(SecretError, match="both"):
        keys.keys("a", private=True)


def test_a_secret_that_could_be_committed_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(keys.SECRET_VARIABLE, raising=False)
    monkeypatch.setenv(keys.FILE_VARIABLE, "data/secret")
    with pytest.raises(SecretError, match="lies in the project"):
        keys.keys("a", private=True)
    assert not list(tmp_path.iterdir())


def test_git_and_dvc_ignore_the_folder_of_the_secret():
    at = ["git", "-C", str(ROOT), "check-ignore", "--no-index", "-q"]
    assert subprocess.run([*at, str(keys.DEFAULT_SECRET_FILE)], check=False).returncode == 0
    folder = f"/{keys.DEFAULT_SECRET_FILE.parent}/"
    assert folder in (ROOT / ".dvcignore").read_text().splitlines()


def test_no_stage_reads_or_makes_the_secret(monkeypatch):
    monkeypatch.chdir(ROOT)
    for stage in stages(params.load(ROOT / "tests/params")).values():
        every = [*stage.files, *stage.outputs.values()]
        assert not [path for path in every if path.startswith(".elsewhere")]


def test_names_that_are_no_unicode_have_keys_and_can_be_written(secret_file):
    odd = os.fsdecode(b"M\xfcller")
    assert HASH.match(keys.keys("a", private=True).path(odd))
    written = keys.keys("a", private=False).path(odd)
    assert written == "M\\xfcller"


def test_the_folder_of_the_site_is_written_as_a_point(secret_file):
    for private in (True, False):
        assert keys.keys("a", private=private).path(".") == "."


def test_words_of_a_private_site_are_hashed(secret_file):
    private, public = keys.keys("a", private=True), keys.keys("a", private=False)
    assert HASH.match(private.word("sub_site", "St. Mary"))
    assert private.word("sub_site", "unknown") == "unknown"
    assert public.word("sub_site", "St. Mary") == "St. Mary"


def test_who_has_the_secret_finds_what_a_row_speaks_of(tmp_path, secret_file):
    private = keys.keys("a", private=True)
    for name in ("SMITH/CT/1", "SMITH/MR/1", "JONES/CT/1"):
        (tmp_path / "raw" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "raw" / name).touch()
    root = tmp_path / "raw"
    found = list(keys.located(root, private.path("SMITH/CT/1"), site_keys=private))
    assert found == [root / "SMITH" / "CT" / "1"]
    assert list(keys.located(root, "0" * 16, site_keys=private)) == []


def test_the_key_is_not_shown():
    assert "hidden" not in repr(Keys("a", True, b"hidden"))
