"""Where a server listens, and whom a hospital believes."""

import socket
import ssl
import threading

import pytest

from elsewhere.carriers.endpoint import Endpoint
from elsewhere.federation import certificates


@pytest.mark.parametrize(
    ("host", "interface", "local"),
    [
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("localhost", "localhost", "localhost"),
        ("fed.example.org", "0.0.0.0", "127.0.0.1"),
        ("10.1.2.3", "0.0.0.0", "127.0.0.1"),
    ],
)
def test_a_server_listens_to_others_only_if_it_has_an_address_for_them(host, interface, local):
    endpoint = Endpoint(host, 9092, "")
    assert (endpoint.interface, endpoint.local) == (interface, local)
    assert str(endpoint) == f"{host}:9092"


def handshake(folder, context, *, host):
    """Connect once to a server with the certificate in a folder."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / certificates.SERVER, folder / certificates.SERVER_KEY)
    ends = socket.socketpair()

    def answer():
        try:
            server.wrap_socket(ends[0], server_side=True).close()
        except (ssl.SSLError, OSError):
            ends[0].close()

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        with context.wrap_socket(ends[1], server_hostname=host):
            pass
    finally:
        ends[1].close()
        thread.join()


@pytest.fixture
def servers(tmp_path):
    """Return authority by folder of two servers, each with an authority of its own."""
    made = {}
    for name in ("ours", "other"):
        made[name] = certificates.new_authority(tmp_path / name)
        certificates.new_server(tmp_path / name, "fed.example.org")
    return made


def test_only_the_agreed_authority_vouches_for_a_server(servers, tmp_path):
    context = Endpoint("fed.example.org", 9092, servers["ours"]).context()
    handshake(tmp_path / "ours", context, host="fed.example.org")
    with pytest.raises(ssl.SSLCertVerificationError, match="verify failed"):
        handshake(tmp_path / "other", context, host="fed.example.org")
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(tmp_path / "ours", context, host="elsewhere.example.org")


def test_the_server_calls_itself_by_another_name_but_believes_no_other(servers, tmp_path):
    context = Endpoint("fed.example.org", 9092, servers["ours"]).context(local=True)
    handshake(tmp_path / "ours", context, host="127.0.0.1")
    with pytest.raises(ssl.SSLCertVerificationError, match="verify failed"):
        handshake(tmp_path / "other", context, host="127.0.0.1")
