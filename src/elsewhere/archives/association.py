"""association: connect to a DIMSE archive, with or without TLS, and explain a failed connection."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence
from typing import Any

from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import UserIdentityNegotiation
from pynetdicom.presentation import PresentationContext

from elsewhere.archives.archive import ArchiveError, Denied, Unavailable
from elsewhere.archives.credentials import Credentials
from elsewhere.archives.pace import Transient
from elsewhere.archives.session import tls_verify
from elsewhere.design.archives.dimse import DimseArchive

NOT_OFFERED = (
    "the archive does not offer us this service (C-FIND, C-GET or C-MOVE): change `retrieve`, or "
    "ask its administrator"
)
# DCMTK's maximum; larger units mean fewer of them: a 512 x 512 slice has half a megabyte
_PDU_BYTES = 131072
_USER_AND_PASSCODE = 2
# PS3.8 9.3.4: (source, reason) of A-ASSOCIATE-RJ
_CALLING_UNKNOWN, _CALLED_UNKNOWN = (1, 3), (1, 7)
_REJECTED_PERMANENTLY = 1


class Associations:
    """Opens associations with one archive, all with the same titles, timeouts and TLS."""

    def __init__(self, row: DimseArchive, credentials: Credentials) -> None:
        self._row, self._credentials = row, credentials
        self.entity = AE(ae_title=row.calling_aet)
        self.entity.maximum_pdu_size = _PDU_BYTES
        self.entity.connection_timeout = self.entity.acse_timeout = row.connect_seconds
        self.entity.dimse_timeout = self.entity.network_timeout = row.answer_seconds
        self._context = None if row.tls == "none" else client_context(row, credentials)

    def established(
        self,
        contexts: Sequence[PresentationContext],
        *,
        roles: Sequence[Any] = (),
        handlers: Sequence[Any] = (),
    ) -> Association:
        """Return an established association.

        Raises
        ------
        Denied
            If the archive rejects our AE title, the called AE title or our certificate.
        Transient
            If the archive does not answer or is busy.
        """
        association = self.entity.associate(
            self._row.host,
            self._row.port,
            contexts=list(contexts),
            ae_title=self._row.called_aet,
            ext_neg=[*roles, *self._identity()],
            tls_args=None if self._context is None else (self._context, self._row.host),
            evt_handlers=list(handlers),
        )
        if association.is_established:
            return association
        if association.is_rejected:
            raise _rejected(association, self._row)
        if association.rejected_contexts:
            raise Denied(NOT_OFFERED)
        raise self._unconnected()

    def _identity(self) -> list[UserIdentityNegotiation]:
        if not self._credentials.user:
            return []
        identity = UserIdentityNegotiation()
        identity.user_identity_type = _USER_AND_PASSCODE
        identity.primary_field = self._credentials.user.encode()
        identity.secondary_field = self._credentials.password.encode()
        identity.positive_response_requested = False
        return [identity]

    def _unconnected(self) -> Exception:
        """Return why no association was established; pynetdicom only logs the reason."""
        address = f"{self._row.host}:{self._row.port}"
        try:
            connection = socket.create_connection((self._row.host, self._row.port), 2)
        except OSError as error:
            return Transient(Unavailable(f"no connection to {address} ({type(error).__name__})"))
        with connection:
            if self._context is None:
                return Transient(
                    Unavailable(f"{address} ends the association (does it require TLS?)")
                )
            try:
                with self._context.wrap_socket(connection, server_hostname=self._row.host):
                    return Transient(Unavailable(f"{address} ends the association"))
            except ssl.SSLCertVerificationError as error:
                reason = error.verify_message
                return Denied(
                    f"TLS: {address} is not tls_verify ({reason}); is ca_bundle its authority?"
                )
            except OSError as error:
                return Denied(
                    f"TLS: {address} refuses ({type(error).__name__}); does it require TLS?"
                )


def client_context(row: DimseArchive, credentials: Credentials) -> ssl.SSLContext:
    """Return the TLS settings of our connections; `tls: unverified` skips the certificate check."""
    bundle = tls_verify(row.ca_bundle)
    context = ssl.create_default_context(cafile=bundle if isinstance(bundle, str) else None)
    if row.tls == "unverified":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    _present(context, credentials)
    return context


def server_context(row: DimseArchive, credentials: Credentials) -> ssl.SSLContext:
    """Return the TLS settings for incoming C-MOVE connections: mutual TLS where `tls` is verified.

    Raises
    ------
    ArchiveError
        If we have no certificate.
    """
    if not credentials.client_certificate:
        raise ArchiveError(
            "for C-MOVE over TLS we are the server and need a certificate: set the variables "
            "ELSEWHERE_ARCHIVE_<archive>_CLIENT_CERTIFICATE and _CLIENT_KEY"
        )
    bundle = tls_verify(row.ca_bundle)
    context = ssl.create_default_context(
        ssl.Purpose.CLIENT_AUTH, cafile=bundle if isinstance(bundle, str) else None
    )
    if row.tls == "verified":
        context.verify_mode = ssl.CERT_REQUIRED
    _present(context, credentials)
    return context


def _present(context: ssl.SSLContext, credentials: Credentials) -> None:
    if credentials.client_certificate:
        context.load_cert_chain(credentials.client_certificate, credentials.client_key)


def _rejected(association: Association, row: DimseArchive) -> Exception:
    answer = association.acceptor.primitive
    reason = (getattr(answer, "result_source", None), getattr(answer, "diagnostic", None))
    if reason == _CALLING_UNKNOWN:
        return Denied(
            f"the archive does not know us: its administrator must add the title {row.calling_aet}"
        )
    if reason == _CALLED_UNKNOWN:
        return Denied(f"the archive is not called {row.called_aet}; correct called_aet")
    text = f"the archive rejects the association (source, reason {reason})"
    if getattr(answer, "result", None) == _REJECTED_PERMANENTLY:
        return Denied(text)
    return Transient(Unavailable(text))
