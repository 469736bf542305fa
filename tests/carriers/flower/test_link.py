"""Who may call what of the SuperLink."""

import asyncio

import pytest

from elsewhere.carriers.flower.link import SECRET_HEADER, Guard

SECRET = b"a secret of this start"


def status(path, *, kind="http", headers=()):
    """Return the status of a request, 200 if the application behind the guard sees it."""
    sent = []

    async def behind(scope, receive, send):
        await send({"type": "http.response.start", "status": 200})

    async def send(message):
        sent.append(message)

    scope = {"type": kind, "path": path, "headers": [*headers]}
    asyncio.run(Guard(behind, SECRET)(scope, None, send))
    return sent[0]["status"]


@pytest.mark.parametrize(
    "path", ["/v1/control/start-run", "/v1/control/register-node", "/v1/runtime/acquire-task", "/"]
)
def test_only_the_parent_operates_it(path):
    name = SECRET_HEADER.encode()
    assert status(path) == 403
    assert status(path, headers=[(name, b"a guess")]) == 403
    assert status(path, headers=[(name, b"")]) == 403
    assert status(path, headers=[(name, SECRET)]) == 200


def test_hospitals_reach_what_is_theirs_and_nothing_beside():
    assert status("/v1/fleet/pull-messages") == 200
    assert status("/v1/fleetx") == 403
    assert status("/v1/control/v1/fleet/x") == 403
    assert status("/v1/fleet/x", kind="websocket") == 403


def test_start_and_end_pass():
    assert status("", kind="lifespan") == 200
