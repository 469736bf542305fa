"""guard: who may read the pages; each test is an attack on a local server, or its ordinary use."""

import asyncio
import re

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from elsewhere.pages.guard import HEADERS, MOST_SESSIONS, REQUESTS, Entrance, Guard, cookie_name

HOST = "127.0.0.1:8321"
LINK = f"http://{HOST}"


def _said(request):
    return PlainTextResponse("inside")


def _own(request):
    return Response("<svg/>", headers={"content-security-policy": "sandbox"})


@pytest.fixture
def guard():
    pages = Starlette(routes=[Route("/", _said, methods=["GET", "POST"]), Route("/own", _own)])
    return Guard(pages, entrance=Entrance())


@pytest.fixture
def stranger(guard):
    return TestClient(guard, base_url=LINK, follow_redirects=False)


@pytest.fixture
def known(guard):
    client = TestClient(guard, base_url=LINK, follow_redirects=False)
    client.get("/enter", params={"token": guard.entrance.token()})
    return client


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", f"evil.example:{8321}", "127.0.0.1.evil.example:8321", "0.0.0.0:8321", "",
        "localhost.evil.example", "127.0.0.1:8321@evil.example", "[::2]:8321", "127.0.0.1:x",
        "2130706433:8321", "127.1:8321",
    ],
)  # fmt: skip
def test_a_name_that_is_not_of_this_machine_is_refused_before_all_else(known, host):
    """DNS rebinding: the browser comes with its cookie, under the name that the attacker owns."""
    answer = known.get("/", headers={"host": host})
    assert answer.status_code == 421
    assert "inside" not in answer.text


@pytest.mark.parametrize("host", ["localhost:8321", "LOCALHOST:8321", "[::1]:8321", "localhost"])
def test_the_names_of_this_machine_may_enter(guard, host):
    client = TestClient(guard, base_url="http://x", follow_redirects=False)
    token = guard.entrance.token()
    answer = client.get("/enter", params={"token": token}, headers={"host": host})
    assert answer.status_code == 303
    assert cookie_name(host) in answer.headers["set-cookie"]


def test_two_hosts_in_one_request_are_refused(known):
    answer = known.get("/", headers=[("host", HOST), ("host", "evil.example")])
    assert answer.status_code == 421


@pytest.mark.parametrize("path", ["/", "/static/app.css", "/nothing", "/enter", "/enter?token="])
def test_who_has_no_session_is_told_what_to_do(stranger, path):
    answer = stranger.get(path)
    assert answer.status_code == 403
    assert "elsewhere serve" in answer.text
    assert "inside" not in answer.text


@pytest.mark.parametrize(
    "cookie", ["", "wrong", "=", "a=b; c", "elsewhere-8321", 'elsewhere-8321="', "\udcff"]
)
def test_a_wrong_cookie_is_no_session(stranger, cookie):
    raw = f"elsewhere-8321={cookie}".encode("utf-8", "surrogateescape")
    assert stranger.get("/", headers={"cookie": raw}).status_code == 403


def test_a_link_opens_one_session(guard, stranger):
    link = {"token": guard.entrance.token()}
    answer = stranger.get("/enter", params=link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert cookie.startswith("elsewhere-8321=")
    assert link["token"].lower() not in cookie
    assert stranger.get("/").text == "inside"
    other = TestClient(guard, base_url=LINK, follow_redirects=False)
    assert other.get("/enter", params=link).status_code == 403


def test_a_used_link_leads_on_who_is_inside_already(guard, known):
    used = guard.entrance.token()
    guard.entrance.enter(used)
    assert known.get("/enter", params={"token": used}).status_code == 303


@pytest.mark.parametrize(
    ("method", "headers"),
    [("HEAD", {}), ("GET", {"sec-purpose": "prefetch;prerender"})],
)
def test_a_look_at_a_link_does_not_use_it_up(guard, stranger, method, headers):
    link = {"token": guard.entrance.token()}
    assert stranger.request(method, "/enter", params=link, headers=headers).status_code == 403
    assert stranger.get("/enter", params=link).status_code == 303


def test_a_link_from_another_page_leads_on_by_a_page_of_ours(guard, stranger):
    """A strict cookie does not come with the redirect of a request that another page began."""
    came = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    came["sec-fetch-dest"] = "document"
    answer = stranger.get("/enter", params={"token": guard.entrance.token()}, headers=came)
    assert answer.status_code == 200
    assert answer.headers["refresh"] == "0; url=/"
    assert stranger.get("/").text == "inside"


def test_sessions_of_one_run_mean_nothing_to_another(guard, known):
    other = TestClient(
        Guard(guard.app, entrance=Entrance()), base_url=LINK, cookies=dict(known.cookies)
    )
    assert other.get("/").status_code == 403


def test_old_sessions_end_when_there_are_many():
    entrance = Entrance()
    sessions = [entrance.enter(entrance.token()) for _ in range(MOST_SESSIONS + 1)]
    assert len(set(sessions)) == MOST_SESSIONS + 1
    assert [entrance.knows(one) for one in sessions] == [False, *[True] * MOST_SESSIONS]


def test_secrets_are_long_and_new():
    tokens = {Entrance().token() for _ in range(50)}
    assert len(tokens) == 50
    assert all(len(token) >= 43 for token in tokens)  # 256 bits in base64


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": f"https://{HOST}"},
        {"origin": "http://localhost:8321"},
        {"origin": LINK, "sec-fetch-site": "same-site"},
        {"origin": LINK, "sec-fetch-site": "cross-site"},
        {"origin": LINK, "sec-fetch-site": "none"},
    ],
)
def test_a_form_of_another_page_is_refused(known, headers):
    """CSRF: the browser would send the cookie with a form of any page of this machine."""
    assert known.post("/", headers=headers).status_code == 403


@pytest.mark.parametrize("site", [None, "same-origin"])
def test_a_form_of_our_own_page_is_taken(known, site):
    headers = {"origin": LINK} | ({"sec-fetch-site": site} if site else {})
    assert known.post("/", headers=headers).text == "inside"


@pytest.mark.parametrize("site", ["same-site", "cross-site"])
@pytest.mark.parametrize(
    ("mode", "dest"),
    [("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe"), ("no-cors", "script")],
)
def test_what_another_page_embeds_is_refused(known, site, mode, dest):
    """A page at another port of this machine is of the same site, and its requests have cookies."""
    headers = {"sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest}
    assert known.get("/", headers=headers).status_code == 403


def test_a_link_of_another_page_may_open_ours(known):
    headers = {"sec-fetch-site": "same-site", "sec-fetch-mode": "navigate"}
    assert known.get("/", headers=headers | {"sec-fetch-dest": "document"}).text == "inside"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_other_methods_are_unknown(known, method):
    answer = known.request(method, "/", headers={"origin": LINK})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("path", ["/", "/nothing", "/own"])
def test_every_answer_has_the_headers(known, stranger, path):
    for answer in (known.get(path), stranger.get(path)):
        for name, value in HEADERS.items():
            own = name == "content-security-policy" and (
                path == "/own" or answer.status_code == 403
            )
            assert own or answer.headers[name] == value
        assert "access-control-allow-origin" not in answer.headers
        assert "script-src" not in answer.headers["content-security-policy"] or path != "/own"


def test_no_page_of_ours_may_load_or_send_anything_elsewhere(known):
    policy = dict(
        part.strip().split(" ", 1)
        for part in known.get("/").headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    sources = {source for value in policy.values() for source in value.split()}
    assert sources <= {"'none'", "'self'", "data:"}  # no host, no inline script, no eval
    assert policy["script-src"] == policy["form-action"] == "'self'"


def test_the_page_of_a_stranger_needs_no_other_file(stranger):
    """Its one style is allowed by its hash; the browser test shows that it is applied."""
    answer = stranger.get("/")
    assert not re.search(r"(src|href)=|<script", answer.text)
    assert "'unsafe-inline'" not in answer.headers["content-security-policy"]


def test_other_protocols_are_closed(guard):
    with (
        pytest.raises(Exception) as closed,  # noqa: PT011 - of the client, by its code
        TestClient(guard, base_url=LINK).websocket_connect("/"),
    ):
        pass
    assert getattr(closed.value, "code", None) == 1008


def test_more_requests_at_once_than_the_pages_answer_are_refused_and_others_then_pass():
    """Of a stranger no request comes so far; see `connections` for those who only connect."""
    inside, go = [], asyncio.Event()

    async def slow(scope, receive, send):
        inside.append(scope["path"])
        await go.wait()
        await PlainTextResponse("inside")(scope, receive, send)

    async def check():
        guard = Guard(slow, entrance=Entrance())
        through = httpx.ASGITransport(app=guard)
        async with httpx.AsyncClient(transport=through, base_url=LINK) as client:
            await client.get("/enter", params={"token": guard.entrance.token()})
            many = [asyncio.create_task(client.get("/")) for _ in range(REQUESTS)]
            while len(inside) < REQUESTS:
                await asyncio.sleep(0)
            assert (await client.get("/")).status_code == 503
            go.set()
            assert {one.status_code for one in await asyncio.gather(*many)} == {200}
            assert (await client.get("/")).status_code == 200
            assert len(inside) == REQUESTS + 1

    asyncio.run(check())
