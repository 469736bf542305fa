"""Real archives on loopback: Orthanc, and pynetdicom over real associations."""

import http.server
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydicom.dataset import Dataset
from pynetdicom import AE, evt

from elsewhere.archives import build
from elsewhere.archives.archive import Archive
from elsewhere.archives.credentials import Credentials
from elsewhere.archives.pull import Places
from elsewhere.design.archives.dicomweb import DicomwebArchive
from elsewhere.design.archives.dimse import DimseArchive
from elsewhere.design.pulls import PullRow

AET, OURS = "ARCHIVE", "ELSEWHERE"
QUICK = {
    "connections": 1,
    "connect_seconds": 3,
    "answer_seconds": 5,
    "attempts": 3,
    "backoff_seconds": 0.05,
    "backoff_most_seconds": 0.2,
}
FIND = "1.2.840.10008.5.1.4.1.2.2.1"
MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
GET = "1.2.840.10008.5.1.4.1.2.2.3"
KEYS = {"STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "orthanc: needs the server Orthanc (Debian: orthanc)")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(done: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@pytest.fixture(name="wait_for")
def _wait_for() -> Callable[..., None]:
    return wait_for


# --- what the archives hold ---------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """A series to be made: enough to tell every identifier apart."""

    patient: str
    accession: str
    study: str
    series: str
    modality: str = "CT"
    slices: int = 4
    syntax: str = pydicom.uid.ExplicitVRLittleEndian
    description: str = "lung"


SERIES = (
    Wanted("PAT-ONE", "ACC100", "1.2.826.10", "1.2.826.10.1"),
    Wanted("PAT-ONE", "ACC100", "1.2.826.10", "1.2.826.10.2", slices=1, description="scout"),
    Wanted("PAT-ONE", "ACC100", "1.2.826.10", "1.2.826.10.3", modality="SR", slices=1),
    Wanted("PAT-TWO", "ACC200", "1.2.826.20", "1.2.826.20.1", syntax=pydicom.uid.RLELossless),
    Wanted("PAT-THREE", "ACC300", "1.2.826.30", "1.2.826.30.1"),
    Wanted("PAT-THREE", "ACC300", "1.2.826.31", "1.2.826.31.1"),
    Wanted("PAT-FOUR", "ACC900", "1.2.826.40", "1.2.826.40.1"),
    Wanted("PAT-FIVE", "ACC900", "1.2.826.50", "1.2.826.50.1"),
)
CANARIES = sorted(
    {text for one in SERIES for text in (one.patient, one.accession, one.study, one.series)}
)


@dataclass
class Held:
    """The files that an archive is filled with."""

    paths: list[Path]

    def bytes_of(self, *series: str) -> dict[str, bytes]:
        """SOPInstanceUID to data set and pixels, as written, of some series."""
        read = {path: pydicom.dcmread(path) for path in self.paths}
        return {
            str(one.SOPInstanceUID): path.read_bytes()
            for path, one in read.items()
            if one.SeriesInstanceUID in series
        }


@pytest.fixture
def orthanc_canaries() -> list[str]:
    return CANARIES


@pytest.fixture(scope="session")
def held(tmp_path_factory: pytest.TempPathFactory) -> Held:
    """Synthetic slices of 64 x 64 with random values."""
    folder = tmp_path_factory.mktemp("held")
    paths = []
    for number, one in enumerate(SERIES):
        for index in range(one.slices):
            path = folder / f"{number}-{index}.dcm"
            item(one, index, seed=number).save_as(path, enforce_file_format=True)
            paths.append(path)
    return Held(paths)


def item(one: Wanted, index: int, *, seed: int = 0) -> Dataset:
    made = Dataset()
    made.file_meta = pydicom.dataset.FileMetaDataset()
    made.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    made.SOPClassUID = (
        pydicom.uid.CTImageStorage if one.modality == "CT" else pydicom.uid.BasicTextSRStorage
    )
    made.SOPInstanceUID = f"{one.series}.{index + 1}"
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.StudyInstanceUID, made.SeriesInstanceUID = one.study, one.series
    made.PatientID, made.PatientName, made.PatientBirthDate = one.patient, "NAME^CANARY", "19670407"
    made.AccessionNumber, made.Modality = one.accession, one.modality
    made.StudyDate, made.SeriesDescription = "20200401", one.description
    made.InstanceNumber = index + 1
    if one.modality != "CT":
        return made
    made.ImagePositionPatient = [0, 0, index * 2.5]
    made.ImageOrientationPatient, made.PixelSpacing = [1, 0, 0, 0, 1, 0], [0.7, 0.7]
    made.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    made.SliceThickness, made.RescaleSlope, made.RescaleIntercept = 2.5, 1, -1024
    made.Rows = made.Columns = 64
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 12, 11, 0
    values = np.random.default_rng([seed, index]).integers(0, 4096, (64, 64), dtype=np.uint16)
    made.add_new("PixelData", "OW", values.tobytes())
    if one.syntax != pydicom.uid.ExplicitVRLittleEndian:
        made.compress(one.syntax, generate_instance_uid=False)
    return made


# --- a certificate authority --------------------------------------------------------------------


@dataclass(frozen=True)
class Certificates:
    """PEM files: an authority, a certificate for 127.0.0.1 with its key, one that nobody signed."""

    authority: Path
    certificate: Path
    key: Path
    both: Path

    def of_server(self, *, asks: bool = False) -> ssl.SSLContext:
        """A server's side; it may ask the client for a certificate of the authority."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(self.authority))
        context.load_cert_chain(self.certificate, self.key)
        context.verify_mode = ssl.CERT_REQUIRED if asks else ssl.CERT_NONE
        return context


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    authority_key, key = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    authority = _signed("test authority", authority_key, authority_key, "test authority")
    certificate = _signed("127.0.0.1", key, authority_key, "test authority")
    made = Certificates(*(folder / name for name in ("ca.pem", "cert.pem", "key.pem", "both.pem")))
    made.authority.write_bytes(authority)
    made.certificate.write_bytes(certificate)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    made.key.write_bytes(private)
    made.both.write_bytes(private + certificate)
    made.key.chmod(0o600)
    made.both.chmod(0o600)
    return made


def _signed(name: str, key: Any, by: Any, issuer: str) -> bytes:
    import ipaddress

    now = datetime.now(UTC)
    is_authority = key is by
    built = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False
        )
    )
    if is_authority:
        others = "digital_signature content_commitment key_encipherment data_encipherment "
        others += "key_agreement encipher_only decipher_only"
        usage = dict.fromkeys(others.split(), False)
        usage |= {"key_cert_sign": True, "crl_sign": True}
        built = built.add_extension(x509.KeyUsage(**usage), critical=True)
    else:
        address = x509.IPAddress(ipaddress.ip_address(name))
        built = built.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    return built.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


# --- Orthanc ------------------------------------------------------------------------------------


@dataclass
class Orthanc:
    """A running server, its ports and its administrator."""

    process: subprocess.Popen[bytes]
    http_port: int
    dicom_port: int
    our_port: int
    user: tuple[str, str] = ("reader", "pass:w\u00f6rd")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        user, password = (text.encode() for text in self.user)
        done = requests.request(
            method,
            self.url + path,
            auth=(user, password),
            timeout=10,
            **options,
        )
        done.raise_for_status()
        return done

    def fill(self, held: Held) -> None:
        for path in held.paths:
            self.ask("POST", "/instances", data=path.read_bytes())

    def stop(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def orthanc_program() -> str:
    found = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")
    plugin = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
    if found and plugin.is_file():
        return found
    how = "apt-get install --no-install-recommends orthanc orthanc-dicomweb"
    if os.environ.get("ELSEWHERE_ORTHANC") == "required":
        pytest.fail(f"there is no Orthanc with DICOMweb here: {how}")
    pytest.skip(f"there is no Orthanc with DICOMweb here: {how}")


@contextmanager
def orthanc_running(folder: Path, **more: Any) -> Iterator[Orthanc]:
    program = orthanc_program()
    ports = [free_port() for _ in range(3)]
    user = ("reader", "pass:w\u00f6rd")
    settings: dict[str, Any] = {
        "StorageDirectory": str(folder / "db"),
        "IndexDirectory": str(folder / "db"),
        "HttpPort": ports[0],
        "DicomPort": ports[1],
        "DicomAet": AET,
        "DicomCheckCalledAet": True,
        "RemoteAccessAllowed": True,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {user[0]: user[1]},
        "Plugins": ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        "DicomModalities": {
            "us": {
                "AET": OURS,
                "Host": "127.0.0.1",
                "Port": ports[2],
                "UseDicomTls": bool(more.get("DicomTlsEnabled")),
            }
        },
        **more,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, str(folder / "orthanc.json")], stdout=log, stderr=log)
    server = Orthanc(process, *ports, user)
    try:
        wait_for(lambda: _accepts(ports[0]) and _accepts(ports[1]))
        yield server
    finally:
        server.stop()


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="session")
def orthanc(tmp_path_factory: pytest.TempPathFactory, held: Held) -> Iterator[Orthanc]:
    """A filled server with basic authentication; it is read from only."""
    with orthanc_running(tmp_path_factory.mktemp("orthanc")) as server:
        server.fill(held)
        yield server


@pytest.fixture
def start_orthanc(tmp_path: Path) -> Iterator[Callable[..., Orthanc]]:
    """Start further servers, for tests that stop them or need TLS."""
    with ExitStack() as stack:

        def start(name: str = "own", **more: Any) -> Orthanc:
            return stack.enter_context(orthanc_running(tmp_path / f"orthanc-{name}", **more))

        yield start


# --- a proxy that misbehaves ---------------------------------------------------------------------


@dataclass
class Proxy:
    """A real HTTP server in front of another, with rules.

    Attributes
    ----------
    refuse
        Path to status and headers, or None to pass the request on.
    change
        Path and body to another body.
    seen
        Path and authorization of each request.
    """

    port: int
    behind: Orthanc
    refuse: Callable[[str], tuple[int, dict[str, str]] | None] = lambda _: None
    change: Callable[[str, bytes], bytes] = lambda _, body: body
    bearer: str = ""
    scheme: str = "http"
    seen: list[tuple[float, str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/dicom-web"


@pytest.fixture
def proxy(orthanc: Orthanc) -> Iterator[Proxy]:
    made = Proxy(0, orthanc)
    with served(made, None):
        yield made


@pytest.fixture
def start_proxy(orthanc: Orthanc) -> Iterator[Callable[[ssl.SSLContext], Proxy]]:
    """Start a proxy with TLS, as the makers of Orthanc advise."""
    with ExitStack() as stack:

        def start(tls: ssl.SSLContext) -> Proxy:
            made = Proxy(0, orthanc, scheme="https")
            stack.enter_context(served(made, tls))
            return made

        yield start


@contextmanager
def served(made: Proxy, tls: ssl.SSLContext | None) -> Iterator[None]:

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            given = self.headers.get("Authorization", "")
            made.seen.append((time.monotonic(), self.path, given))
            refused = made.refuse(self.path)
            if made.bearer and given != f"Bearer {made.bearer}":
                refused = (401, {})
            if refused:
                self._send(refused[0], refused[1], b"")
                return
            accept = {"Accept": self.headers.get("Accept", "")}
            answer = made.behind.ask("GET", self.path, headers=accept)
            kind = {"Content-Type": answer.headers.get("Content-Type", "")}
            self._send(200, kind, made.change(self.path, answer.content))

        def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.port = server.server_port
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


# --- service classes of pynetdicom ---------------------------------------------------------------


@dataclass
class Scp:
    """C-FIND, C-GET and C-MOVE over real associations, with what tests make go wrong.

    Attributes
    ----------
    items
        Data sets that it holds.
    counts
        Series to the NumberOfSeriesRelatedInstances that it claims.
    aborts
        How many C-GETs it ends by A-ABORT after two instances.
    lacks
        Instances that it lists and cannot send.
    users
        User and passcode that it has seen.
    """

    port: int
    our_port: int
    items: list[Dataset]
    counts: dict[str, Any] = field(default_factory=dict)
    aborts: int = 0
    lacks: set[str] = field(default_factory=set)
    ignores: set[str] = field(default_factory=set)
    says_class: bool = True
    destination: str = OURS
    users: list[tuple[bytes, bytes]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    on_send: Callable[[Dataset], Dataset] = lambda one: one

    def matching(self, asked: Dataset) -> list[Dataset]:
        keys = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "AccessionNumber")
        used = [
            name for name in (*keys, "PatientID") if asked.get(name) and name not in self.ignores
        ]
        return [
            one for one in self.items if all(one.get(name) == asked[name].value for name in used)
        ]

    def find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        asked = event.identifier
        level = asked.QueryRetrieveLevel
        self.requests.append(f"FIND {level}")
        seen = set()
        for one in self.matching(asked):
            key = one[KEYS[level]].value
            if key in seen:
                continue
            seen.add(key)
            answer = Dataset()
            answer.QueryRetrieveLevel = level
            for element in asked:
                if element.keyword != "QueryRetrieveLevel":
                    setattr(answer, element.keyword, one.get(element.keyword, ""))
            if level == "SERIES":
                true = sum(item.SeriesInstanceUID == key for item in self.items)
                answer.NumberOfSeriesRelatedInstances = self.counts.get(key, true)
            if level == "IMAGE" and not self.says_class:
                del answer.SOPClassUID
            yield 0xFF00, answer

    def retrieve(self, event: evt.Event, *, to: tuple[str, int] | None = None) -> Iterator[Any]:
        asked = event.identifier
        kind = "MOVE" if to else "GET"
        self.requests.append(f"{kind} {asked.QueryRetrieveLevel}")
        found = [one for one in self.matching(asked) if one.SOPInstanceUID not in self.lacks]
        if to:
            yield to
        yield len(found)
        for number, one in enumerate(found):
            if self.aborts and number == 2:
                self.aborts -= 1
                event.assoc.abort()
                return
            yield 0xFF00, self.on_send(one)

    def move(self, event: evt.Event) -> Iterator[Any]:
        if event.move_destination != self.destination:
            yield None, None
            return
        yield from self.retrieve(event, to=("127.0.0.1", self.our_port))

    def identity(self, event: evt.Event) -> tuple[bool, None]:
        self.users.append((event.primary_field, event.secondary_field))
        return event.secondary_field == b"right", None


@dataclass
class Running:
    """A listening application entity; tests give it what it holds."""

    entity: AE
    port: int
    scp: Scp | None = None


@pytest.fixture(scope="session")
def running_scps() -> Iterator[dict[Any, Running]]:
    found: dict[Any, Running] = {}
    yield found
    for one in found.values():
        one.entity.shutdown()


@pytest.fixture
def start_scp(held: Held, running_scps: dict[Any, Running]) -> Callable[..., Scp]:
    def start(
        *, tls: ssl.SSLContext | None = None, without: tuple[str, ...] = (), **more: Any
    ) -> Scp:
        key = (tls is not None, without)
        if key not in running_scps:
            running_scps[key] = listening(tls, without)
        running = running_scps[key]
        items = [pydicom.dcmread(path) for path in held.paths]
        running.scp = Scp(running.port, free_port(), items, **more)
        return running.scp

    return start


def listening(tls: ssl.SSLContext | None, without: tuple[str, ...]) -> Running:
    """Start an entity; it is found again by later tests, for ending it takes half a second."""
    entity = AE(ae_title=AET)
    entity.require_called_aet = True
    entity.require_calling_aet = [OURS]
    for uid in (pydicom.uid.CTImageStorage, pydicom.uid.BasicTextSRStorage):
        for syntax in (pydicom.uid.ExplicitVRLittleEndian, pydicom.uid.RLELossless):
            entity.add_supported_context(uid, syntax, scu_role=True, scp_role=True)
            entity.add_requested_context(uid, syntax)
    for uid in {FIND, GET, MOVE} - set(without):
        entity.add_supported_context(uid)
    running = Running(entity, free_port())

    def answer(name: str) -> Callable[[evt.Event], Any]:
        def answered(event: evt.Event) -> Any:
            return getattr(running.scp, name)(event)

        return answered

    handlers = [
        (evt.EVT_C_FIND, answer("find")),
        (evt.EVT_C_GET, answer("retrieve")),
        (evt.EVT_C_MOVE, answer("move")),
        (evt.EVT_USER_ID, answer("identity")),
    ]
    at = ("127.0.0.1", running.port)
    entity.start_server(at, block=False, evt_handlers=handlers, ssl_context=tls)
    return running


# --- rows and places ----------------------------------------------------------------------------


@pytest.fixture
def dicomweb_row() -> Callable[..., DicomwebArchive]:
    def made(url: str, **more: Any) -> DicomwebArchive:
        values = {**QUICK, "tls": "none", "requests_per_second": 1000, **more}
        return DicomwebArchive(kind="dicomweb", url=url, **values)

    return made


@pytest.fixture
def dimse_row() -> Callable[..., DimseArchive]:
    def made(server: Orthanc | Scp, **more: Any) -> DimseArchive:
        port = server.dicom_port if isinstance(server, Orthanc) else server.port
        values: dict[str, Any] = {**QUICK, "tls": "none", "instances_per_second": 1000}
        values |= {"called_aet": AET, "calling_aet": OURS, "retrieve": "get"}
        values |= {"listen_host": "127.0.0.1", "listen_port": server.our_port} | more
        return DimseArchive(kind="dimse", host="127.0.0.1", port=port, **values)

    return made


@pytest.fixture
def opened() -> Iterator[Callable[..., Archive]]:
    """Open an archive as the driver does; it is closed after the test."""
    archives = []

    def made(row: Any, credentials: Credentials | None = None, *, pace: Any = None) -> Archive:
        archive = build.archive(row, credentials or Credentials(), pace=pace or build.pace(row))
        archives.append(archive)
        return archive

    yield made
    for archive in archives:
        archive.close()


@pytest.fixture
def reader() -> Credentials:
    """Orthanc's user."""
    return Credentials(user="reader", password="pass:w\u00f6rd")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "raw/site", tmp_path / "state", tmp_path / "list.csv")


@pytest.fixture
def pull_row() -> Callable[..., PullRow]:
    def made(**more: Any) -> PullRow:
        values = {"archive": "a", "worklist": "list.csv", "modalities": ("CT",)}
        return PullRow(**{**values, "least_instances": 2, **more})

    return made
