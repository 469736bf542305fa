"""association: connections to an archive that speaks DIMSE, with TLS, and why there is none."""

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
from elsewhere.archives.session import trusted
from elsewhere.design.archives.dimse import DimseArchive

NOT_OFFERED = (
    "the archive does not offer us this service (C-FIND, C-GET or C-MOVE): change `retrieve`, or "
    "ask its administrator"
)
# DCMTK's greatest; larger units are fewer, and slices of 512 x 512 are half a megabyte
_PDU_BYTES = 131072
_USER_AND_PASSCODE = 2
# PS3.8 9.3.4: (source, reason) of A-ASSOCIATE-RJ
_CALLING_UNKNOWN, _CALLED_UNKNOWN = (1, 3), (1, 7)
_REJECTED_FOR_EVER = 1


class Associations:
    """Opens associations with one archive, all with the same titles, timeouts and TLS."""

    def __init__(self, row: DimseArchive, credentials: Credentials) -> None:
        self._row, self._credentials = row, credentials
        self.entity = AE(ae_title=row.calling_aet)
        self.entity.maximum_pdu_size = _PDU_BYTES
        self.entity.connection_timeout = self.entity.acse_timeout = row.connect_seconds
        self.entity.dimse_timeout = self.entity.network_timeout = row.answer_seconds
        self._context = None if row.tls == "none" else client_context(row, credentials)

    def opened(
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
            If the archive does not know our title, its own, or our certificate.
        Transient
            If it does not answer, or has no room for us now.
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
        """Return the reason why nothing was established: pynetdicom only logs it."""
        at = f"{self._row.host}:{self._row.port}"
        try:
            plain = socket.create_connection((self._row.host, self._row.port), 2)
        except OSError as error:
            return Transient(Unavailable(f"no connection to {at} ({type(error).__name__})"))
        with plain:
            if self._context is None:
                return Transient(Unavailable(f"{at} ends the association (does it want TLS?)"))
            try:
                with self._context.wrap_socket(plain, server_hostname=self._row.host):
                    return Transient(Unavailable(f"{at} ends the association"))
            except ssl.SSLCertVerificationError as error:
                reason = error.verify_message
                return Denied(f"TLS: {at} is not trusted ({reason}); is ca_bundle its authority?")
            except OSError as error:
                return Denied(f"TLS: {at} refuses ({type(error).__name__}); does it want TLS?")


def client_context(row: DimseArchive, credentials: Credentials) -> ssl.SSLContext:
    """Return how we connect: the archive's certificate is checked unless the row says otherwise."""
    bundle = trusted(row.ca_bundle)
    context = ssl.create_default_context(cafile=bundle if isinstance(bundle, str) else None)
    if row.tls == "unverified":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    _present(context, credentials)
    return context


def server_context(row: DimseArchive, credentials: Credentials) -> ssl.SSLContext:
    """Return how C-MOVE connects to us: with our certificate, and only who has one of its own.

    Raises
    ------
    ArchiveError
        If we have no certificate.
    """
    if not credentials.client_certificate:
        raise ArchiveError(
            "C-MOVE over TLS reaches us as a server, which needs a certificate: set the variables "
            "ELSEWHERE_ARCHIVE_<archive>_CLIENT_CERTIFICATE and _CLIENT_KEY"
        )
    bundle = trusted(row.ca_bundle)
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
    why = (getattr(answer, "result_source", None), getattr(answer, "diagnostic", None))
    if why == _CALLING_UNKNOWN:
        return Denied(
            f"the archive does not know us: its administrator must add the title {row.calling_aet}"
        )
    if why == _CALLED_UNKNOWN:
        return Denied(f"the archive is not called {row.called_aet}; correct called_aet")
    text = f"the archive rejects the association (source, reason {why})"
    if getattr(answer, "result", None) == _REJECTED_FOR_EVER:
        return Denied(text)
    return Transient(Unavailable(text))
