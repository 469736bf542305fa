"""session: HTTP requests with a rate limit, retries and TLS, for DICOMweb archives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests
from requests import exceptions, utils

from elsewhere.archives.archive import ArchiveError, Denied, Failed, Unavailable
from elsewhere.archives.credentials import Credentials
from elsewhere.archives.pace import Pace, Transient
from elsewhere.design.archives.dicomweb import DicomwebArchive

BUSY = frozenset({429, 502, 503, 504})
UNSTABLE = frozenset({408, 425, 500})
DENIED = frozenset({401, 403, 407})


class Authority(requests.auth.AuthBase):
    """Basic authentication, a bearer token, or nothing; ~/.netrc is never read."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header."""
        if self._credentials.token:
            request.headers["Authorization"] = f"Bearer {self._credentials.token}"
        elif self._credentials.user:
            pair = (self._credentials.user.encode(), self._credentials.password.encode())
            requests.auth.HTTPBasicAuth(*pair)(request)
        return request


class PacedSession(requests.Session):
    """A session for one thread; its errors never hold the address, which may name a patient."""

    def __init__(self, row: DicomwebArchive, credentials: Credentials, *, pace: Pace) -> None:
        super().__init__()
        self._pace = pace
        self.auth = Authority(credentials)
        # compressing pixels takes a server ten times as long as sending them
        self.headers["Accept-Encoding"] = "identity"
        # otherwise $REQUESTS_CA_BUNDLE would replace the bundle of the settings
        self.trust_env = False
        self.proxies.update(utils.get_environ_proxies(row.url, no_proxy=None))
        self.verify = tls_verify(row.ca_bundle) if row.tls == "verified" else False
        if credentials.client_certificate:
            self.cert = (credentials.client_certificate, credentials.client_key)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request when its turn comes; retry after failures that may be temporary.

        Raises
        ------
        Unavailable
            If there is no connection, or the server is busy, at every attempt.
        Denied
            If TLS or the credentials fail.
        Failed
            If this request fails at every attempt.
        """
        return self._pace.retry(lambda: self._send_once(request, **kwargs))

    def _send_once(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        self._pace.wait_turn()
        try:
            answer = super().send(request, **kwargs)
        except exceptions.SSLError:
            raise Denied(
                "TLS: the server's certificate is not tls_verify, is for another host, or ours is "
                "missing; set ca_bundle to the hospital's authority, or the client certificate"
            ) from None
        except exceptions.RequestException as error:
            problem = f"no answer ({type(error).__name__})"
            raise Transient(Unavailable(problem)) from None
        status = answer.status_code
        if status in DENIED:
            raise Denied(_denied_message(status))
        if status in BUSY | UNSTABLE:
            answer.close()
            final = (Unavailable if status in BUSY else Failed)(f"status {status}")
            raise Transient(final, asked_s=_retry_after_s(answer.headers.get("Retry-After", "")))
        return answer


def tls_verify(ca_bundle: str | None) -> str | bool:
    """Return the `verify` of requests: the hospital's CA bundle, or True for the system's.

    Raises
    ------
    ArchiveError
        If the file does not exist.
    """
    if ca_bundle is None:
        return True
    if not Path(ca_bundle).is_file():
        raise ArchiveError(f"ca_bundle: {ca_bundle} is no file")
    return ca_bundle


def _denied_message(status: int) -> str:
    return (
        f"status {status}: the archive refuses our credentials; check the variables "
        "ELSEWHERE_ARCHIVE_<archive>_USER and _PASSWORD, or _TOKEN, and what this user may read"
    )


def _retry_after_s(text: str) -> float:
    """Return the seconds of *Retry-After*; 0 for a date, for which the backoff is long enough."""
    return float(text) if text.isdigit() else 0.0
