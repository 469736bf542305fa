"""credentials: read from the environment or from files that it names, and shown nowhere."""

from pathlib import Path

import pytest

from elsewhere.archives.credentials import CredentialsError, credentials, variable

CANARY = "canary-5ecret"


def secret_file(folder: Path, text: str, mode: int = 0o600) -> str:
    path = folder / "secret"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_the_variable_is_named_after_the_row() -> None:
    assert variable("main-pacs", "USER") == "ELSEWHERE_ARCHIVE_MAIN_PACS_USER"


def test_nothing_given_is_nothing() -> None:
    found = credentials("pacs", environment={})
    assert not any((found.user, found.password, found.token, found.client_key))


def test_values_and_files_give_the_same(tmp_path: Path) -> None:
    by_value = {"ELSEWHERE_ARCHIVE_PACS_USER": "me", "ELSEWHERE_ARCHIVE_PACS_PASSWORD": CANARY}
    by_file = {
        "ELSEWHERE_ARCHIVE_PACS_USER": "me",
        "ELSEWHERE_ARCHIVE_PACS_PASSWORD_FILE": secret_file(tmp_path, CANARY + "\n"),
    }
    assert credentials("pacs", environment=by_value) == credentials("pacs", environment=by_file)
    assert credentials("pacs", environment=by_value).password == CANARY
    assert CANARY not in repr(credentials("pacs", environment=by_value))


def test_another_archive_gets_nothing() -> None:
    assert not credentials("other", environment={"ELSEWHERE_ARCHIVE_PACS_TOKEN": CANARY}).token


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    given = {"ELSEWHERE_ARCHIVE_PACS_TOKEN_FILE": secret_file(tmp_path, CANARY, mode)}
    with pytest.raises(CredentialsError, match="chmod 600") as caught:
        credentials("pacs", environment=given)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"USER": "me"}, "both .*_USER and .*_PASSWORD"),
        ({"PASSWORD": CANARY}, "both .*_USER and .*_PASSWORD"),
        ({"USER": "me", "PASSWORD": CANARY, "TOKEN": CANARY}, "not both"),
        ({"TOKEN": CANARY, "TOKEN_FILE": "x"}, "not both"),
        ({"TOKEN_FILE": "nowhere"}, "is no file"),
        ({"CLIENT_CERTIFICATE": "nowhere"}, "is no file"),
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, str], says: str) -> None:
    named = {f"ELSEWHERE_ARCHIVE_PACS_{name}": value for name, value in given.items()}
    with pytest.raises(CredentialsError, match=says) as caught:
        credentials("pacs", environment=named)
    assert CANARY not in str(caught.value)


def test_a_certificate_needs_its_key(tmp_path: Path) -> None:
    name = "ELSEWHERE_ARCHIVE_PACS_CLIENT_CERTIFICATE"
    with pytest.raises(CredentialsError, match="CLIENT_KEY"):
        credentials("pacs", environment={name: secret_file(tmp_path, "x")})
