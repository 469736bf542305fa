"""guard: who may read the pages: the Host, the one-time link, the origin, and strict headers.

One layer before every route. A page on this machine can be reached by every program of its user,
and by every web page that the user's browser opens: a name that is made to mean 127.0.0.1 (DNS
rebinding), a form that another page sends (CSRF), a picture that another page embeds. So the
server answers only to names of this machine, only a browser that opened a link of this run, and
only requests that its own pages made.
"""

from __future__ import annotations

import base64
import hashlib
import html
import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ENTER = "/enter"
HOSTS = ("127.0.0.1", "localhost", "[::1]")
METHODS = ("GET", "HEAD", "POST")
MOST_SESSIONS = 32
REQUESTS = 64  # of those who have a session, at once; others are answered without the pages
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # no-referrer would make a browser send `Origin: null` with our own forms
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:38rem;margin:12vh auto;padding:0 1rem}"
)
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_CSP_ALONE = (  # of pages without a session, which cannot load the stylesheet
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
NO_SESSION = (
    "Open the link that <code>elsewhere serve</code> printed in its terminal. It works once. Press "
    "Enter there for another one, or start the command again."
)
USED = (
    "This link was used already, or is of another run of <code>elsewhere serve</code>. Press Enter "
    "in its terminal for another link, or start the command again."
)


class Entrance:
    """The links that open the pages once each, and the sessions that they opened."""

    def __init__(self) -> None:
        self._links: list[bytes] = []
        self._sessions: list[bytes] = []

    def token(self) -> str:
        """Return a new secret that opens one session."""
        token = secrets.token_urlsafe(32)
        self._links.append(_digest(token))
        return token

    def enter(self, token: str) -> str | None:
        """Return the secret of a new session, and forget the token; None: no such token."""
        found = _among(_digest(token), self._links)
        if found is None:
            return None
        self._links.remove(found)
        session = secrets.token_urlsafe(32)
        self._sessions = [*self._sessions[1 - MOST_SESSIONS :], _digest(session)]
        return session

    def knows(self, session: str) -> bool:
        """Whether a link of this run opened this session."""
        return _among(_digest(session), self._sessions) is not None


class Guard:
    """Lets requests pass to the pages, and puts the headers on every answer.

    Parameters
    ----------
    app
        The pages.
    entrance
        Who may read them.
    hosts
        Names of this machine, as in a Host header, without port. A tunnel may end at another port.
    """

    def __init__(self, app: ASGIApp, *, entrance: Entrance, hosts: tuple[str, ...] = HOSTS) -> None:
        self.app, self.entrance, self.hosts = app, entrance, hosts
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let the pages answer it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            refused = self._refused(scope)
            await (refused or self._pages)(scope, receive, _with_headers(send))
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _pages(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the pages answer, unless they answer many requests already."""
        if self._inside >= REQUESTS:
            busy = _alone(503, "The server is busy. Try again.")
            await busy(scope, receive, send)
            return
        self._inside += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._inside -= 1

    def _refused(self, scope: Scope) -> Response | None:
        """Return the answer to a request that may not pass, or that opens a session."""
        headers = Headers(scope=scope)
        host = self._host(headers)
        if host is None:
            return _alone(421, "This server answers only to the names of this machine.")
        if scope["method"] not in METHODS:
            said = _alone(405, "This server knows no such method.")
            said.headers["allow"] = ", ".join(METHODS)
            return said
        if _foreign(headers, scope["method"], host):
            return _alone(403, "This request was made by a page of another origin.")
        return self._stranger(scope, headers, host)

    def _host(self, headers: Headers) -> str | None:
        """Return the Host of a request, if there is one and it is a name of this machine."""
        given = headers.getlist("host")
        if len(given) != 1:
            return None
        name, _, port = given[0].rpartition(":") if given[0][-1:].isdigit() else (given[0], "", "")
        name, port = (name, port) if name else (port, "")
        known = name.lower() in self.hosts and (port.isdecimal() or not port)
        return given[0].lower() if known else None

    def _stranger(self, scope: Scope, headers: Headers, host: str) -> Response | None:
        """Return the answer to who has no session, or opens one."""
        known = self.entrance.knows(_cookie(headers, cookie_name(host)))
        if scope["path"] != ENTER:
            return None if known else _alone(403, NO_SESSION)
        if scope["method"] != "GET" or "prefetch" in headers.get("sec-purpose", ""):
            return _alone(403, NO_SESSION)  # a look at the link must not use it up
        if known:
            return _inside(headers)
        tokens = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])
        session = self.entrance.enter(tokens[0])
        if session is None:
            return _alone(403, USED)
        answer = _inside(headers)
        answer.set_cookie(cookie_name(host), session, httponly=True, samesite="strict", path="/")
        return answer


def cookie_name(host: str) -> str:
    """Return the name of the cookie at a Host; cookies know no ports, so that the name has it."""
    port = host.rpartition(":")[2]
    return f"elsewhere-{port if port.isdecimal() else 80}"


def _foreign(headers: Mapping[str, str], method: str, host: str) -> bool:
    """Whether another page made this request, or one cannot know that ours did.

    A link on another page may open one of ours: without a session it is shown none. What another
    page embeds, or sends, is refused. Browsers that send no ``Sec-Fetch-Site`` send an ``Origin``
    with every form.
    """
    site = headers.get("sec-fetch-site", "same-origin")
    if method == "POST":
        return headers.get("origin") != f"http://{host}" or site != "same-origin"
    opened = headers.get("sec-fetch-mode") == "navigate"
    framed = headers.get("sec-fetch-dest", "document") != "document"
    return site not in ("same-origin", "none") and (framed or not opened)


def _inside(headers: Mapping[str, str]) -> Response:
    """Lead to the first page.

    A link in a web mail or in a terminal inside a browser belongs to another page. Its redirect
    would come without the cookie, which is strictly of this site: a page of ours leads on instead.
    """
    if headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        return RedirectResponse("/", 303)
    answer = _alone(200, 'Welcome. <a href="/">Go to the studies.</a>')
    answer.headers["refresh"] = "0; url=/"
    return answer


def _alone(status: int, sentence: str) -> Response:
    """Return a small page that needs no other file; `sentence` is HTML."""
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>elsewhere</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{html.escape('elsewhere')}</h1><p>{sentence}</p></main></body></html>"
    )
    return HTMLResponse(page, status, headers={"content-security-policy": _CSP_ALONE})


def _with_headers(send: Send) -> Send:
    """Return `send` with the headers of every answer; a route may set its own."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sent


def _cookie(headers: Headers, name: str) -> str:
    try:
        found = SimpleCookie("; ".join(headers.getlist("cookie"))).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def _among(given: bytes, kept: list[bytes]) -> bytes | None:
    """Return the kept digest that equals this one, in a time that does not tell how near it is."""
    found = None
    for digest in kept:
        if secrets.compare_digest(digest, given):
            found = digest
    return found
