"""session: requests to busy servers are retried at a limited rate; TLS is checked; no secrets."""

import time
from pathlib import Path
from typing import Any

import pytest

from elsewhere.archives import build
from elsewhere.archives.archive import ArchiveError, Denied, Failed, Query, Unavailable
from elsewhere.archives.credentials import Credentials
from elsewhere.archives.quiet import quiet

QUERY = Query("accession", "ACC200")
pytestmark = pytest.mark.orthanc


class Refusals:
    """Refuses the first requests, then none."""

    def __init__(self, *statuses: int, after: str = "") -> None:
        self.left = list(statuses)
        self.headers = {"Retry-After": after} if after else {}

    def __call__(self, path: str) -> tuple[int, dict[str, str]] | None:
        del path
        return (self.left.pop(0), self.headers) if self.left else None


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(
    proxy: Any, dicomweb_row: Any, opened: Any, status: int
) -> None:
    proxy.refuse = Refusals(status, status)
    assert len(opened(dicomweb_row(proxy.url)).studies(QUERY)) == 1
    assert proxy.refuse.left == []


@pytest.mark.parametrize(
    ("status", "kind"), [(429, Unavailable), (503, Unavailable), (500, Failed)]
)
def test_in_the_end_it_is_given_up(
    proxy: Any, dicomweb_row: Any, opened: Any, status: int, kind: type[Exception]
) -> None:
    proxy.refuse = Refusals(*[status] * 9)
    with pytest.raises(kind, match=str(status)) as caught:
        opened(dicomweb_row(proxy.url)).studies(QUERY)
    assert len(proxy.seen) == 3, "attempts"
    assert "ACC200" not in str(caught.value)


def test_it_waits_as_long_as_the_server_asks(proxy: Any, dicomweb_row: Any, opened: Any) -> None:
    proxy.refuse = Refusals(429, after="1")
    row = dicomweb_row(proxy.url, backoff_most_seconds=0.7)
    opened(row).studies(QUERY)
    first, second, *_ = (when for when, *_ in proxy.seen)
    assert second - first >= 0.7, "but no longer than the limit"


def test_requests_keep_the_pace(proxy: Any, dicomweb_row: Any, opened: Any) -> None:
    archive = opened(dicomweb_row(proxy.url, requests_per_second=20))
    begun = time.monotonic()
    for _ in range(3):
        archive.studies(QUERY)
    assert len(proxy.seen) == 6, "each is asked for a further page"
    assert time.monotonic() - begun >= 5 / 20


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_not_repeated(proxy: Any, dicomweb_row: Any, opened: Any, status: int) -> None:
    proxy.refuse = Refusals(status, status)
    with pytest.raises(Denied, match="credentials"):
        opened(dicomweb_row(proxy.url)).studies(QUERY)
    assert len(proxy.seen) == 1


def test_a_token_is_borne(proxy: Any, dicomweb_row: Any, opened: Any) -> None:
    proxy.bearer = "canary-token"
    row = dicomweb_row(proxy.url)
    assert len(opened(row, Credentials(token="canary-token")).studies(QUERY)) == 1
    with pytest.raises(Denied) as caught:
        opened(row, Credentials(token="canary-other")).studies(QUERY)
    assert "canary" not in str(caught.value)


def test_netrc_is_not_looked_at(
    proxy: Any, dicomweb_row: Any, opened: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password canary\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    opened(dicomweb_row(proxy.url)).studies(QUERY)
    assert {given for _, _, given in proxy.seen} == {""}


def test_nobody_there(dicomweb_row: Any, opened: Any) -> None:
    with pytest.raises(Unavailable, match="no answer"), quiet():
        opened(dicomweb_row("http://127.0.0.1:9")).studies(QUERY)


def test_orthanc_wants_its_user(
    orthanc: Any, dicomweb_row: Any, opened: Any, reader: Credentials
) -> None:
    row = dicomweb_row(orthanc.url + "/dicom-web/")
    assert [one.uid for one in opened(row, reader).studies(QUERY)] == ["1.2.826.20"]
    with pytest.raises(Denied):
        opened(row, Credentials(user="reader", password="wrong")).studies(QUERY)


def test_a_server_is_trusted_by_the_hospitals_authority_only(
    start_proxy: Any,
    certificates: Any,
    dicomweb_row: Any,
    opened: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = start_proxy(certificates.of_server()).url
    bundle = str(certificates.authority)
    # would win over the row's bundle, were it looked at
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    with pytest.raises(Denied, match="ca_bundle"):
        opened(dicomweb_row(url, tls="verified")).studies(QUERY)
    assert len(opened(dicomweb_row(url, tls="verified", ca_bundle=bundle)).studies(QUERY)) == 1
    elsewhere = url.replace("127.0.0.1", "localhost")
    with pytest.raises(Denied, match="another host"):
        opened(dicomweb_row(elsewhere, tls="verified", ca_bundle=bundle)).studies(QUERY)
    with quiet():
        assert len(opened(dicomweb_row(url, tls="unverified")).studies(QUERY)) == 1


def test_a_client_certificate_is_shown(
    start_proxy: Any, certificates: Any, dicomweb_row: Any, opened: Any
) -> None:
    url = start_proxy(certificates.of_server(asks=True)).url
    row = dicomweb_row(url, tls="verified", ca_bundle=str(certificates.authority))
    ours = Credentials(
        client_certificate=str(certificates.certificate), client_key=str(certificates.key)
    )
    assert len(opened(row, ours).studies(QUERY)) == 1
    with pytest.raises(ArchiveError):
        opened(row).studies(QUERY)


def test_a_bundle_that_is_not_there_is_named(dicomweb_row: Any) -> None:
    row = dicomweb_row("https://127.0.0.1", tls="verified", ca_bundle="nowhere.pem")
    archive = build.archive(row, Credentials(), pace=build.pace(row))
    with pytest.raises(ArchiveError, match=r"nowhere\.pem"):
        archive.studies(QUERY)
