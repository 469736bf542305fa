"""A browser's client on the pages of the small finished project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_project import GROUP
from starlette.testclient import TestClient

from elsewhere.pages.app import application
from elsewhere.pages.guard import Entrance, Guard

HOST = "127.0.0.1:8321"
LINK = f"http://{HOST}"


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep the folder on one worker: its files share the project."""
    item.add_marker(pytest.mark.xdist_group(GROUP))


@pytest.fixture(scope="session")
def project(finished: Path) -> Path:
    """The folder of a finished project; no test may change it (copy it, or its files)."""
    return finished


@pytest.fixture(scope="session")
def app(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Guard:
    """The application over the project."""
    return application(project, entrance=Entrance(), scratch=tmp_path_factory.mktemp("scratch"))


@pytest.fixture
def client(app: Guard) -> Iterator[TestClient]:
    """A client that opened the link: its requests are those of a browser on our own pages."""
    with TestClient(app, base_url=LINK, raise_server_exceptions=False) as opened:
        opened.get("/enter", params={"token": app.entrance.token()}, follow_redirects=False)
        opened.headers |= {"origin": LINK}
        yield opened
