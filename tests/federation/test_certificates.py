"""TLS believes the server's certificate by its own authority and by no other."""

import os
import socket
import ssl
import stat
import threading

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_ssh_private_key, load_ssh_public_key

from elsewhere.federation import certificates
from elsewhere.federation.wire import RefusedError


def shaken(folder, authority, host):
    """Return what a client that believes an authority gets from a real TLS server, or its error."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / certificates.SERVER, folder / certificates.SERVER_KEY)
    client = ssl.create_default_context(cadata=authority)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept():
            connection, _ = listener.accept()
            try:
                with server.wrap_socket(connection, server_side=True) as line:
                    line.sendall(b"here")
            except (ssl.SSLError, OSError):
                connection.close()  # the client did not believe it

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            with (
                socket.create_connection(listener.getsockname()) as connection,
                client.wrap_socket(connection, server_hostname=host) as line,
            ):
                return line.recv(4)
        except ssl.SSLCertVerificationError as error:
            return error
        finally:
            thread.join()


@pytest.fixture(params=["127.0.0.1", "server.hospital.example"])
def server(request, tmp_path):
    authority = certificates.new_authority(tmp_path)
    certificates.new_server(tmp_path, request.param)
    return tmp_path, authority, request.param


def test_a_client_believes_the_server(server):
    assert shaken(*server) == b"here"


def test_another_authority_or_host_is_not_believed(server, tmp_path):
    folder, authority, host = server
    other = certificates.new_authority(tmp_path / "other")
    assert "verify failed" in str(shaken(folder, other, host))
    assert "mismatch" in str(shaken(folder, authority, "elsewhere.example"))


def test_an_authority_is_kept_and_secrets_are_private(server):
    folder, authority, host = server
    assert certificates.new_authority(folder) == authority
    before = (folder / certificates.SERVER).read_bytes()
    certificates.new_server(folder, host)
    assert (folder / certificates.SERVER).read_bytes() != before
    certificates.new_node(folder)
    for name in (certificates.AUTHORITY_KEY, certificates.SERVER_KEY, certificates.NODE_KEY):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


def test_a_node_key_is_p384_in_openssh_format_and_kept(tmp_path):
    line = certificates.new_node(tmp_path)
    assert certificates.new_node(tmp_path) == line
    assert (tmp_path / certificates.NODE).read_text() == line + "\n"
    private = load_ssh_private_key((tmp_path / certificates.NODE_KEY).read_bytes(), None)
    assert isinstance(private, EllipticCurvePrivateKey)
    assert private.curve.name == "secp384r1"
    public = load_ssh_public_key(line.encode())
    assert public.public_numbers() == private.public_key().public_numbers()


def test_a_node_key_that_others_can_read_is_refused(tmp_path):
    certificates.new_node(tmp_path)
    os.chmod(tmp_path / certificates.NODE_KEY, 0o644)
    with pytest.raises(RefusedError, match="chmod 600"):
        certificates.new_node(tmp_path)
