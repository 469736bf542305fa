"""endpoint: where the server of a federation is, and how it shows that it is this server."""

from __future__ import annotations

import ssl
from dataclasses import dataclass


@dataclass(frozen=True)
class Endpoint:
    """Where the server is, and how it shows that it is this server.

    Attributes
    ----------
    host
        Name or number by which hospitals call it.
    port
        TCP port.
    authority
        Certificate of the authority that signed the server's, PEM.
    """

    host: str
    port: int
    authority: str

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def interface(self) -> str:
        """Where the server listens: on loopback if the host is there, else on all interfaces."""
        return self.host if self._loopback else "0.0.0.0"

    @property
    def local(self) -> str:
        """By what the server's own processes call it."""
        return self.host if self._loopback else "127.0.0.1"

    def context(self, *, local: bool = False) -> ssl.SSLContext:
        """Return what accepts a server with a certificate of the authority and no other.

        Parameters
        ----------
        local
            Whether the server's own process calls, by another name than the certificate's.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = not local
        context.load_verify_locations(cadata=self.authority)
        return context

    @property
    def _loopback(self) -> bool:
        return self.host == "localhost" or self.host.startswith("127.")
