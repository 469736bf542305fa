"""matrix: the first page of a study: every arm on every site."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from elsewhere.pages import shell


def home(request: Request) -> Response:
    """Lead to the first study, or say how to make one."""
    studies = shell.of(request).results.studies()
    if studies:
        return RedirectResponse(f"/studies/{studies[0]}", 303)
    return shell.of(request).page("empty.html.j2", run=shell.of(request).results.params.run)


def study(request: Request) -> Response:
    """Show the matrix of a study."""
    name = request.path_params["study"]
    given = shell.of(request).results.given(name)
    return shell.of(request).page("matrix.html.j2", study=name, title=given.settings.title)


routes: list[BaseRoute] = [Route("/", home), Route("/studies/{study}", study)]
