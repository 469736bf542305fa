"""What strangers may try, against a real server on this machine; one server for most of it.

The rows follow faults of other programs: Orthanc (CVE-2026-5438 to 5443: packed bombs, sizes that
are believed, dimensions that overflow), MONAI (CVE-2025-58755, CVE-2026-21851: names in archives),
Gradio (CVE-2023-51449, CVE-2024-1561, CVE-2026-28414) and MLflow (CVE-2023-1177, CVE-2023-6977,
CVE-2024-8859: files of the server are read; CVE-2025-1473: forms of other pages; CVE-2026-2393: the
server fetches what it is told), Starlette (CVE-2024-47874: fields without a limit,
CVE-2025-54121: one upload stops all pages). Links that work once, as of Jupyter: `test_guard.py`.
"""

import gzip
import http.client
import io
import os
import pickle
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import zipfile
import zlib
from contextlib import ExitStack
from pathlib import Path

import psutil
import pydicom
import pytest

STUDY, ARM = "nguyen2021", "utsw"
PLACE = ".elsewhere/answers"
SECONDS = 60  # more than any of it takes
ROOT = Path(__file__).parents[2]
ENTRY = b"PK\x01\x02"


def wait_for(what):
    """Return the first true value of a question that is asked again and again."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("it never happened")


class Server:
    """`elsewhere serve` in a process of its own, and a browser that opened its link."""

    def __init__(self, project):
        self.project = project
        self.process = subprocess.Popen(
            [sys.executable, "-m", "elsewhere", "serve", "--port", str(free_port()), "--as-root"],
            cwd=project,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        link = re.search(r"http://(\S+?)(/enter\S+)", self.process.stdout.readline())
        self.host = link[1]
        self.said = []
        threading.Thread(target=lambda: self.said.extend(self.process.stdout), daemon=True).start()
        _, headers, _ = wait_for(lambda: self.tried("GET", link[2], cookie=None))
        self.cookie = headers["set-cookie"].split(";")[0]

    def tried(self, method, path, **how):
        try:
            return self.ask(method, path, **how)
        except ConnectionRefusedError:
            return None

    def ask(self, method, path, *, body=None, cookie="", **headers):
        """Send one request; return status, headers and text of the answer."""
        connection = http.client.HTTPConnection(self.host, timeout=SECONDS)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        sent = {"host": self.host, "origin": f"http://{self.host}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        if cookie is not None:
            sent["cookie"] = cookie or self.cookie
        if body is not None:
            sent.setdefault("content-length", str(len(body)))
        for name, value in sent.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        found = answer.status, answer.headers, answer.read().decode("utf-8", "replace")
        connection.close()
        return found

    def send(self, *files, arm=ARM, **headers):
        body = form(("study", None, STUDY.encode()), ("arm", None, arm.encode()), *files)
        kind = {"content_type": "multipart/form-data; boundary=b0und"}
        return self.ask("POST", "/answers", body=body, **(kind | headers))

    @property
    def folders(self):
        return list((self.project / PLACE).glob("server-*"))

    @property
    def answers(self):
        return list((self.project / PLACE).glob("server-*/answer-*"))

    def workers(self):
        """Return the processes that answer questions."""
        return psutil.Process(self.process.pid).children(recursive=True)


def free_port():
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


def form(*parts):
    """Return the body of a form of parts (name, name of a file or None, content)."""
    whole = b""
    for name, said, content in parts:
        file = b"" if said is None else b'; filename="' + said.encode() + b'"'
        whole += b'--b0und\r\nContent-Disposition: form-data; name="' + name.encode() + b'"' + file
        whole += b"\r\n\r\n" + content + b"\r\n"
    return whole + b"--b0und--\r\n"


def file(name, content):
    return ("files", name, content)


@pytest.fixture(scope="module")
def server(project):
    started = Server(project)
    yield started
    started.process.send_signal(signal.SIGTERM)
    started.process.wait(SECONDS)
    assert started.folders == []
    assert not any("Mustermann" in line or "Traceback" in line for line in started.said)


FOREIGN = {
    "a name that means this machine (DNS rebinding)": (421, {"host": "evil.example"}),
    "no session": (403, {"cookie": None}),
    "a session of somebody else": (403, {"cookie": "elsewhere-80=x"}),
    "a form of another page": (403, {"origin": "http://evil.example"}),
    "a form of a page at another port": (403, {"origin": "http://127.0.0.1:1"}),
    "a form of nowhere": (403, {"origin": None}),
    "a sandboxed form": (403, {"origin": "null"}),
}


@pytest.mark.parametrize(("status", "headers"), FOREIGN.values(), ids=FOREIGN)
def test_only_our_own_pages_may_ask_or_forget(server, status, headers):
    assert server.send(file("a.dcm", b"x"), **headers)[0] == status
    assert server.ask("POST", "/answers/x/forget", **headers)[0] == status
    assert server.answers == []


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static//etc/passwd",
        "/answers/..%2f..%2fparams.yaml",
        "/answers/../../params.yaml/volume-1",
        "/answers/x/volume-..%2f..%2fparams.yaml",
        "/answers/x/volume--1",
        "/volumes/utsw-synthetic/..%2f..%2fmanifest",
        "/volumes/..%2f..%2fetc/passwd",
        f"/studies/{STUDY}/figures/..%2f..%2freport.svg",
        "/studies/..%2f..%2fx",
    ],
)
def test_no_path_leads_out_of_what_is_served(server, path):
    status, _, text = server.ask("GET", path)
    assert status == 404
    assert "root:" not in text
    assert "import" not in text


def test_no_name_in_a_form_is_a_path(server):
    for arm in ("../../etc/passwd", "/etc/passwd", "utsw/../../x", "utsw\0"):
        assert server.send(file("a.dcm", b"x"), arm=arm)[0] == 400
    texts = {"study": STUDY, "arm": ARM, "files": "/etc/passwd", "folder": "http://127.0.0.1/"}
    body = form(*((name, None, text.encode()) for name, text in texts.items()))
    kind = "multipart/form-data; boundary=b0und"
    status, _, text = server.ask("POST", "/answers", body=body, content_type=kind)
    assert status == 400
    assert "no file was chosen" in text.lower()


def zipped(*members):
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for name, content in members:
                archive.writestr(name, content)
        return file.getvalue()


def bomb(gigabytes):
    """Return a zip of one member of zeros, packed without holding it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(bytes(1 << 24)) + packer.flush(zlib.Z_FULL_FLUSH)
    count = gigabytes * 64
    data = piece * count + zlib.compressobj(9, zlib.DEFLATED, -15).flush()
    head = struct.pack("<IHHHHHIIIHH", 0x04034B50, 45, 8, 8, 0, 0, 0, 0, 0, 5, 0)
    size = count << 24
    entry = struct.pack(
        *("<IHHHHHHIIIHHHHHII", 0x02014B50, 45, 45, 8, 8, 0, 0, 0, len(data), size),
        *(5, 0, 0, 0, 0, 0, 0),
    )
    end = struct.pack(
        "<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, len(entry) + 5, len(head) + 5 + len(data), 0
    )
    return head + b"a.dcm" + data + entry + b"a.dcm" + end


def changed(archive, offset, layout, value):
    data = bytearray(archive)
    struct.pack_into(layout, data, data.rfind(ENTRY) + offset, value)
    return bytes(data)


MANY = zipped(*((f"{number}.dcm", b"") for number in range(20_000)))
ARCHIVES = {
    "3 GB in 3 MB": (413, bomb(3)),
    "a member that says it is small": (400, changed(bomb(1), 24, "<I", 1000)),
    "20,000 members": (413, MANY),
    "a password": (400, changed(zipped(("a", b"a")), 8, "<H", 1)),
    "cut off": (400, MANY[:-100]),
}


@pytest.mark.parametrize(("status", "archive"), ARCHIVES.values(), ids=ARCHIVES)
def test_a_bad_archive_is_refused_with_a_sentence(server, status, archive):
    found, _, text = server.send(file("Mustermann.zip", archive))
    assert found == status
    assert re.search(r'role="alert">[A-Z0-9][^<]+\.<', text)
    assert "Mustermann" not in text
    assert server.answers == []


def test_a_stated_length_is_refused_before_the_body(server):
    kind = "multipart/form-data; boundary=b0und"
    status, _, _ = server.ask(
        "POST", "/answers", content_type=kind, content_length=str(3 << 30), expect="100-continue"
    )
    assert status == 413


def nifti(shape):
    """Return the header of a NIfTI-1 that claims this shape, by the offsets of the standard."""
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, *shape, 1, 1, 1, 1)
    struct.pack_into("<hh", header, 70, 4, 16)
    struct.pack_into("<8f", header, 76, *[1.0] * 8)
    struct.pack_into("<f", header, 108, 352.0)
    struct.pack_into("<h", header, 254, 1)
    struct.pack_into("<12f", header, 280, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0)
    header[344:348] = b"n+1\0"
    return bytes(header)


def png(side):
    def chunk(name, data):
        checked = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + checked

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(1_000_000)))
    return b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b"")


def dicom(project):
    """Return a slice whose header claims 65535 x 65535 pixels in 10^6 frames."""
    path = next((project / "data/raw/utsw-synthetic").rglob("*.dcm"))
    data = pydicom.dcmread(path)
    data.Rows = data.Columns = 65535
    data.NumberOfFrames = 10**6
    with io.BytesIO() as file:
        data.save_as(file)
        return file.getvalue()


META = b"ObjectType = Image\nNDims = 3\nDimSize = 4 4 4\nElementType = MET_SHORT\n"


class Opens:
    """Makes a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_files_that_lie_are_not_used_and_reach_nothing_outside(server, project, tmp_path):
    """All in one question: each ends as a row with a reason, and the server goes on."""
    detached = b"NRRD0004\ntype: short\ndimension: 3\nsizes: 4 4 4\nencoding: raw\ndata file: "
    link = zipfile.ZipInfo("link.dcm")
    link.external_attr = 0o120777 << 16
    slips = zipped(
        *((f"../../../..{tmp_path}/slip.dcm", b"x"), (f"{tmp_path}/absolute.dcm", b"x")),
        *((r"C:\drive.dcm", b"x"), (link, b"/etc/passwd"), ("again.zip", zipped(("a", b"a")))),
    )
    hostile = [
        file("Mustermann.nii", nifti((32767, 32767, 32767))),
        file("Mustermann.nii.gz", gzip.compress(nifti((2000, 2000, 2000)) + bytes(50 << 20))),
        file("Mustermann.png", png(60_000)),
        file("Mustermann.dcm", dicom(project)),
        file("a.nrrd", detached + b"/etc/passwd\n\n"),
        file("b.nrrd", detached + b"../../../../params.yaml\n\n"),
        file("c.nrrd", detached + f"http://{server.host}/\n\n".encode()),
        file("d.mha", META + b"ElementDataFile = /etc/passwd\n"),
        file("e.pt", pickle.dumps(Opens(tmp_path / "pickled"))),
        file("f.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        file("Mustermann.zip", slips),
    ]
    status, headers, _ = server.send(*hostile)
    assert status == 303
    at = headers["location"]
    server.ask("GET", at)
    status, _, page = server.ask("GET", at)
    assert status == 200
    assert "No scan was found among these files" in page
    assert "0 of 15 files used" in page
    assert "Mustermann" not in page
    assert "root:" not in page
    assert list(tmp_path.iterdir()) == []
    written = [path for path in (project / PLACE).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in written) < 1 << 20
    server.ask("POST", f"{at}/forget")
    assert server.answers == []
    assert server.ask("GET", "/ask")[0] == 200


def half_sent(server):
    """Return a connection over which half of a form came."""
    body = form(file("Mustermann.dcm", b"x" * 3_000_000))
    opened = socket.create_connection(server.host.split(":"), timeout=SECONDS)
    head = (
        f"POST /answers HTTP/1.1\r\nHost: {server.host}\r\nOrigin: http://{server.host}\r\n"
        f"Cookie: {server.cookie}\r\nContent-Type: multipart/form-data; boundary=b0und\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    opened.sendall(head.encode() + body[:2_500_000])
    wait_for(lambda: server.answers)
    return opened


def test_other_pages_are_served_while_an_upload_hangs_and_it_leaves_nothing(server):
    with half_sent(server):
        assert server.ask("GET", "/ask")[0] == 200
    wait_for(lambda: not server.answers)


def test_uploads_that_hang_do_not_fill_the_server(server):
    with half_sent(server), half_sent(server):
        wait_for(lambda: len(server.answers) == 2)
        status, _, text = server.send(file("a.dcm", b"x"))
        assert status == 503
        assert "coming in" in text
    wait_for(lambda: not server.answers)


def test_connections_of_strangers_that_send_nothing_keep_nobody_out(server):
    host = server.host.split(":")
    with ExitStack() as held:
        for _ in range(300):
            held.enter_context(socket.create_connection(host, timeout=SECONDS))
        assert server.ask("GET", "/ask")[0] == 200


def scan(project):
    top = project / "data/raw/utsw-synthetic"
    folder = next(path for path in sorted(top.iterdir()) if path.is_dir())
    return [file(one.name, one.read_bytes()) for one in sorted(folder.iterdir())]


def test_a_closed_browser_loses_no_answer_and_forgetting_ends_its_processes(server, project):
    at = server.send(*scan(project))[1]["location"]
    running = wait_for(server.workers)
    with socket.create_connection(server.host.split(":"), timeout=SECONDS) as tab:
        tab.sendall(
            f"GET {at} HTTP/1.1\r\nHost: {server.host}\r\nCookie: {server.cookie}\r\n\r\n".encode()
        )
        assert b"200" in tab.recv(100)
    assert len(server.answers) == 1
    assert server.ask("POST", f"{at}/forget")[0] == 303
    assert server.answers == []
    assert psutil.wait_procs(running, SECONDS)[1] == []


def test_nothing_is_left_after_kill_9_while_a_question_is_answered(project):
    killed = Server(project)
    assert killed.send(*scan(project))[0] == 303
    running = wait_for(killed.workers)
    killed.process.kill()
    killed.process.wait()
    assert psutil.wait_procs(running, SECONDS)[1] == []
    left = {path for path in killed.folders if list(path.glob("answer-*"))}
    assert len(left) == 1
    after = Server(project)
    assert left.isdisjoint(after.folders)
    after.process.send_signal(signal.SIGTERM)
    assert after.process.wait(SECONDS) == 0
    assert len(after.folders) <= 1  # of the other server of this module, if it still runs
