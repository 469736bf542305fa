import asyncio
import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect, Request

from elsewhere.answers.answer import Refused
from elsewhere.answers.unpacked import Taken, TooLarge
from elsewhere.design.serving import ServeRow
from elsewhere.pages import upload
from elsewhere.pages.upload import TooSlow, receive

LIMITS = ServeRow(files=1500, megabytes=2, unpacked_megabytes=4, seconds=5)
BOUNDARY = "b0und"


def part(content, *, name="files", filename=None):
    file = b"" if filename is None else b'; filename="' + filename + b'"'
    head = b'Content-Disposition: form-data; name="' + name.encode() + b'"' + file
    return b"--" + BOUNDARY.encode() + b"\r\n" + head + b"\r\n\r\n" + content + b"\r\n"


def form(*parts):
    return b"".join(parts) + b"--" + BOUNDARY.encode() + b"--\r\n"


def request(body, *, pieces=4096, kind=None, length=None, then=None):
    """Return a request whose body comes in pieces; `then` is what comes after them."""
    kind = f"multipart/form-data; boundary={BOUNDARY}" if kind is None else kind
    headers = [(b"content-type", kind.encode())]
    if length is not None:
        headers.append((b"content-length", str(length).encode()))
    messages = [
        {"type": "http.request", "body": body[at : at + pieces], "more_body": True}
        for at in range(0, len(body), pieces)
    ]
    messages.append(then or {"type": "http.request", "body": b"", "more_body": False})

    async def coming():
        if not messages:
            await asyncio.Event().wait()
        return messages.pop(0)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    return Request(scope, coming)


@pytest.fixture
def taken(tmp_path):
    return Taken(tmp_path, LIMITS)


def received(body, taken, **how):
    return asyncio.run(receive(request(body, **how), taken))


def written(taken):
    return [path.read_bytes() for path in sorted(taken.folder.rglob("*")) if path.is_file()]


@pytest.mark.parametrize("pieces", [1, 7, 4096])
def test_files_and_fields_arrive_whatever_the_pieces(taken, pieces):
    noise = bytes(range(256)) + b"\r\n--" + BOUNDARY.encode()[:-1] + b"\r\n"
    body = form(
        part(b"utsw", name="arm"),
        part(noise, filename="Müller^Anna/IM1.dcm".encode()),
        part(b"2", filename=b"IM2.dcm"),
    )
    assert received(body, taken, pieces=pieces) == {"arm": "utsw"}
    assert written(taken) == [noise, b"2"]


def test_a_scan_of_more_files_than_a_usual_form_may_have_arrives(taken):
    """Starlette's own forms refuse more than 1,000 files."""
    received(form(*(part(b"x", filename=b"%d.dcm" % n) for n in range(1200))), taken)
    assert taken.count == 1200


def test_a_form_without_a_chosen_file_has_none(taken):
    assert received(form(part(b"", filename=b""), part(b"a", name="arm")), taken) == {"arm": "a"}
    assert taken.count == 0


def test_no_name_of_a_file_is_logged_or_on_disk(taken, caplog):
    caplog.set_level(logging.DEBUG)
    received(form(part(b"x", filename=b"Mustermann_19600101.dcm")), taken)
    taken.settle()
    assert "Mustermann" not in caplog.text
    assert not [path for path in taken.folder.rglob("*") if "1960" in path.name]


LONG = b"x" * (3 << 20)
TOO_LARGE = {
    "a body": form(part(LONG, filename=b"a")),
    "a field": form(part(b"x" * 2000, name="arm")),
    "many fields": form(*(part(b"", name=f"f{n}") for n in range(25))),
    "many files": form(*(part(b"", filename=b"a") for _ in range(1600))),
    "many parts without a file": form(*(part(b"", filename=b"") for _ in range(1600))),
}


@pytest.mark.parametrize("body", TOO_LARGE.values(), ids=TOO_LARGE)
def test_too_much_is_refused_while_it_comes(taken, body):
    with pytest.raises(TooLarge):
        received(body, taken)
    assert sum(map(len, written(taken))) <= LIMITS.megabytes * 10**6


def test_a_stated_length_is_refused_before_the_body_comes_and_never_trusted(taken):
    never = request(b"", length=3 << 30, then={"type": "http.disconnect"})
    with pytest.raises(TooLarge):
        asyncio.run(receive(never, taken))
    with pytest.raises(TooLarge):
        received(TOO_LARGE["a body"], taken, length=10)


HEADER = b"--" + BOUNDARY.encode() + b"\r\nContent-Disposition: form-data; name=files; filename="
DAMAGED = {
    "empty": b"",
    "another boundary": form(part(b"a", filename=b"a")).replace(BOUNDARY.encode(), b"other"),
    "it breaks off": form(part(b"abc", filename=b"a"))[:-20],
    "a header without an end": HEADER + b"x" * 10_000,
    "many headers": part(b"").replace(b"\r\n\r\n", b"\r\n" + b"A: b\r\n" * 50 + b"\r\n"),
    "a null in a header": part(b"").replace(b"Content", b"Con\0tent"),
}


@pytest.mark.parametrize("body", DAMAGED.values(), ids=DAMAGED)
def test_what_is_no_whole_form_is_refused_in_a_sentence(taken, body):
    with pytest.raises(Refused, match="the form"):
        received(body, taken)


@pytest.mark.parametrize(
    "kind",
    ["", "application/json", "multipart/form-data", "multipart/form-data; boundary=" + "x" * 300],
)
def test_another_kind_of_body_is_refused(taken, kind):
    with pytest.raises(Refused):
        received(form(part(b"a", filename=b"a")), taken, kind=kind)


def test_a_client_that_goes_away_is_told_apart_from_one_that_is_done(taken):
    body = form(part(b"a", filename=b"a"))[:-10]
    with pytest.raises(ClientDisconnect):
        received(body, taken, then={"type": "http.disconnect"})


def test_a_client_that_sends_nothing_more_is_cut_off(taken, monkeypatch):
    monkeypatch.setattr(upload, "IDLE_S", 0.05)
    more = {"type": "http.request", "body": b"", "more_body": True}
    with pytest.raises(TooSlow):
        received(HEADER, taken, then=more)


def test_a_client_that_drips_is_cut_off_after_the_time_of_a_question(tmp_path):
    async def drip():
        await asyncio.sleep(0.05)
        return {"type": "http.request", "body": b"x", "more_body": True}

    scope = dict(request(b"").scope)
    taken = Taken(tmp_path, LIMITS.model_copy(update={"seconds": 0.3}))
    with pytest.raises(TooSlow):
        asyncio.run(receive(Request(scope, drip), taken))


@settings(deadline=None, max_examples=80)
@given(st.lists(st.sampled_from([b"--" + BOUNDARY.encode(), b"\r\n", b"--", b'filename="a"', b":",
    b"Content-Disposition: form-data; name=a", b"\0\xff", b"x" * 300])))  # fmt: skip
def test_any_bytes_are_a_form_or_are_refused(tmp_path_factory, body):
    taken = Taken(tmp_path_factory.mktemp("any"), LIMITS)
    try:
        received(b"".join(body), taken, pieces=50)
    except Refused as error:
        refused = str(error)
    else:
        refused = ""
    assert refused or body
    assert all(path.suffix == ".part" for path in taken.folder.iterdir())
