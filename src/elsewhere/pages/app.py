"""app: the application of `elsewhere serve`: the page modules, their errors, and the guard."""

from __future__ import annotations

import logging
from json import JSONDecodeError
from pathlib import Path

from pyarrow import ArrowInvalid
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from elsewhere.pages import asking, audited, cell, drawn, jobs, matrix, scan, shell, site, volumes
from elsewhere.pages.guard import Entrance, Guard
from elsewhere.pages.results import NotThere, Results
from elsewhere.pages.shell import Refused, Shell

logger = logging.getLogger(__name__)
PAGES = (matrix, cell, scan, volumes, site, audited, drawn, jobs, asking)
# a pipeline replaced a file while a page was made of it, or the file is damaged
CHANGING = (FileNotFoundError, JSONDecodeError, ArrowInvalid)
WORDS = {
    403: "This is not for you to open.",
    404: "There is no such page.",
    405: "This page cannot be asked in this way.",
    413: "This is more than the server takes.",
}


def application(project: Path, *, entrance: Entrance, scratch: Path, asks: bool = True) -> Guard:
    """Return the application over the results of a project.

    Parameters
    ----------
    project
        Its folder; nothing outside it and `scratch` is read or written.
    entrance
        Who may read the pages.
    scratch
        Private folder for what people bring; it is there already.
    asks
        Whether models may be asked about scans from outside.
    """
    routes: list[BaseRoute] = [route for page in PAGES for route in page.routes]
    routes.append(Mount("/static", StaticFiles(directory=shell.HERE / "static"), name="static"))
    pages = Starlette(
        routes=routes,
        lifespan=asking.running,
        exception_handlers={
            NotThere: _not_there,
            Refused: _refused,
            HTTPException: _of_http,
            **dict.fromkeys(CHANGING, _changing),
            Exception: _broken,
        },
    )
    pages.state.shell = Shell(Results(project), scratch, asks)
    return Guard(pages, entrance=entrance)


def _not_there(request: Request, error: Exception) -> Response:
    return _said(request, 404, str(error))


def _refused(request: Request, error: Exception) -> Response:
    return _said(request, error.status if isinstance(error, Refused) else 400, str(error))


def _of_http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    answer = _said(request, status, WORDS.get(status, "This cannot be done."))
    if isinstance(error, HTTPException):
        answer.headers.update(error.headers or {})
    return answer


def _changing(request: Request, error: Exception) -> Response:
    logger.warning("a file of the results cannot be read: %s", type(error).__name__)
    return _said(
        request,
        503,
        "A file that this page shows is gone, being written, or damaged. Load the page again; if "
        "that does not help, `dvc status` says which files are not as they were made.",
    )


def _broken(request: Request, error: Exception) -> Response:
    """Say that a page failed; Starlette raises the error again, for the terminal."""
    del error
    return _said(
        request, 500, "The server failed to make this page. Its terminal shows why; try again."
    )


def _said(request: Request, status: int, sentence: str) -> Response:
    return shell.of(request).page("said.html.j2", status=status, sentence=sentence, code=status)
