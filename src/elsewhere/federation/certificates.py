"""certificates: the keys by which server and hospitals know each other on the network (TLS).

They protect the line. What the hospitals seal for each other depends on their roster alone.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP384R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from elsewhere.federation.disk import SECRET, write
from elsewhere.federation.wire import RefusedError

AUTHORITY, AUTHORITY_KEY = "authority.pem", "authority.key"
SERVER, SERVER_KEY = "server.pem", "server.key"
NODE, NODE_KEY = "node.pub", "node.key"
AUTHORITY_DAYS, SERVER_DAYS = 3650, 825
_SKEW = timedelta(hours=1)  # clocks of hospitals differ


def new_authority(folder: Path) -> str:
    """Make a certificate authority for one federation, unless the folder has one.

    Returns
    -------
    str
        Its certificate (PEM), which the agreement carries to the hospitals.
    """
    path = folder / AUTHORITY
    if not path.exists():
        key, name = generate_private_key(SECP384R1()), _name("elsewhere federation")
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True,
            content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        certificate = (
            _certificate(key, name, issuer=name, days=AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(key, SHA384())
        )
        write(folder / AUTHORITY_KEY, _private(key), mode=SECRET)
        write(path, certificate.public_bytes(Encoding.PEM))
    return path.read_text("ascii")


def new_server(folder: Path, host: str) -> None:
    """Make key and certificate of the server, signed by the authority in the same folder.

    Parameters
    ----------
    folder
        With what `new_authority` made; receives `SERVER` and `SERVER_KEY`, also anew.
    host
        Name or IP address under which the hospitals reach the server.
    """
    authority = x509.load_pem_x509_certificate((folder / AUTHORITY).read_bytes())
    signer = load_pem_private_key((folder / AUTHORITY_KEY).read_bytes(), None)
    if not isinstance(signer, EllipticCurvePrivateKey):
        raise RefusedError(f"{folder / AUTHORITY_KEY} is no key of this federation's authority")
    key = generate_private_key(SECP384R1())
    certificate = (
        _certificate(key, _name(host), issuer=authority.subject, days=SERVER_DAYS)
        .add_extension(x509.SubjectAlternativeName([_alternative(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(signer, SHA384())
    )
    write(folder / SERVER_KEY, _private(key), mode=SECRET)
    write(folder / SERVER, certificate.public_bytes(Encoding.PEM))


def new_node(folder: Path) -> str:
    """Make the key by which the server knows a hospital's connection, unless there is one.

    Returns
    -------
    str
        The public half, one line in OpenSSH's format, which the coordinator registers.
    """
    path = folder / NODE_KEY
    if not path.exists():
        key = generate_private_key(SECP384R1())
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        write(path, secret, mode=SECRET)
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise RefusedError(f"{path} can be read by others: chmod 600 it")
    public = load_ssh_private_key(path.read_bytes(), None).public_key()
    line = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    write(folder / NODE, line + b"\n")
    return line.decode("ascii")


def _certificate(
    key: EllipticCurvePrivateKey, subject: x509.Name, *, issuer: x509.Name, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + timedelta(days=days))
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _private(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
