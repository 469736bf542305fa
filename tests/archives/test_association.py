"""association: who may connect, which certificate is trusted, why a connection fails."""

import ssl
from typing import Any

import pytest
from pynetdicom import build_context

from elsewhere.archives.archive import ArchiveError, Denied, Query, Unavailable
from elsewhere.archives.association import Associations, server_context
from elsewhere.archives.credentials import Credentials
from elsewhere.archives.pace import Transient

QUERY = Query("accession", "ACC200")


def test_titles_must_be_known(start_scp: Any, dimse_row: Any, opened: Any) -> None:
    scp = start_scp()
    assert len(opened(dimse_row(scp)).studies(QUERY)) == 1
    with pytest.raises(Denied, match="must add the title STRANGER"):
        opened(dimse_row(scp, calling_aet="STRANGER")).studies(QUERY)
    with pytest.raises(Denied, match="not called WRONG"):
        opened(dimse_row(scp, called_aet="WRONG")).studies(QUERY)


def test_nobody_there(start_scp: Any, dimse_row: Any, opened: Any) -> None:
    row = dimse_row(start_scp()).model_copy(update={"port": 9})
    with pytest.raises(Unavailable, match=r"no connection to 127\.0\.0\.1:9"):
        opened(row).studies(QUERY)


def test_a_user_is_told_to_the_archive(start_scp: Any, dimse_row: Any, opened: Any) -> None:
    scp = start_scp()
    right = Credentials(user="me", password="right")
    assert len(opened(dimse_row(scp), right).studies(QUERY)) == 1
    assert scp.users == [(b"me", b"right")]
    with pytest.raises((Denied, Unavailable)) as caught:
        opened(dimse_row(scp), Credentials(user="me", password="canary")).studies(QUERY)
    assert "canary" not in str(caught.value)


def test_a_server_is_trusted_by_the_hospitals_authority_only(
    start_scp: Any, dimse_row: Any, opened: Any, certificates: Any
) -> None:
    scp = start_scp(tls=certificates.of_server(asks=True))
    ours = Credentials(
        client_certificate=str(certificates.certificate), client_key=str(certificates.key)
    )
    bundle = str(certificates.authority)
    trusting = dimse_row(scp, tls="verified", ca_bundle=bundle)
    assert len(opened(trusting, ours).studies(QUERY)) == 1
    with pytest.raises(Denied, match="ca_bundle"):
        opened(dimse_row(scp, tls="verified"), ours).studies(QUERY)
    with pytest.raises(ArchiveError):
        opened(trusting).studies(QUERY)
    assert len(opened(dimse_row(scp, tls="unverified"), ours).studies(QUERY)) == 1


def test_an_archive_without_tls_is_not_believed(
    start_scp: Any, dimse_row: Any, certificates: Any
) -> None:
    row = dimse_row(start_scp(), tls="verified", ca_bundle=str(certificates.authority))
    row = row.model_copy(update={"connect_seconds": 0.5})
    with pytest.raises((Denied, Transient)):
        Associations(row, Credentials()).established([build_context("1.2.840.10008.1.1")])


def test_who_listens_with_tls_has_a_certificate(
    start_scp: Any, dimse_row: Any, certificates: Any
) -> None:
    row = dimse_row(start_scp(), tls="verified", ca_bundle=str(certificates.authority))
    with pytest.raises(ArchiveError, match="CLIENT_CERTIFICATE"):
        server_context(row, Credentials())
    ours = Credentials(
        client_certificate=str(certificates.certificate), client_key=str(certificates.key)
    )
    assert server_context(row, ours).verify_mode == ssl.CERT_REQUIRED
