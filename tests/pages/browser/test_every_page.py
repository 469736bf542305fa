"""Every page of the application, reached by links from the first one, as different people look."""

import re
from typing import Any

import pytest
from starlette.routing import BaseRoute, Match, Route

from elsewhere.pages.app import PAGES

ROUTES: list[BaseRoute] = [route for module in PAGES for route in module.routes]
NO_PAGE = {  # what a browser gets as a file, or comes to by a form: other tests are of these
    "/": "leads to the first study",
    "/studies/{study}/figures/{name}": "a drawing",
    "/studies/{study}/matrix.csv": "a file to keep",
    "/studies/{study}/cells/{arm}/{site}/metrics.json": "a file to keep",
    "/studies/{study}/report": "the report of the figure step, alone in a sandbox",
    "/volumes/{site}/{scan}": "voxels",
    "/maps/{study}/{arm}/{site}/{scan}": "voxels",
    "/answers/{key}": "comes of a question: test_question.py",
    "/answers/{key}/volume-{number:int}": "voxels",
    "/answers/{key}/map-{number:int}": "voxels",
}
WRITTEN = [route for route in ROUTES if isinstance(route, Route)]
GET = [route.path for route in WRITTEN if "GET" in (route.methods or ())]
HELD = {"/jobs": "/jobs?still=1"}  # comes again by itself, in the middle of a test
LINKS = "[...document.querySelectorAll('a[href]')].map((link) => link.getAttribute('href'))"
WORDS = """() => {
  for (const one of document.querySelectorAll('slice-viewer, noscript')) one.remove();
  return document.querySelector('main').innerText.replace(/\\s+/g, ' ').trim();
}"""


def pattern(path: str) -> str | None:
    """Return the route that answers a path."""
    scope = {"type": "http", "method": "GET", "path": path.partition("?")[0], "headers": []}
    return next((one.path for one in WRITTEN if one.matches(scope)[0] == Match.FULL), None)


@pytest.fixture(scope="module")
def reached(browser: Any, served: Any, logged_in: Any) -> dict[str, list[str]]:
    """An address of each route in each study, found by following links from the first page."""
    context = browser.new_context(storage_state=logged_in)
    page, found, pending = context.new_page(), {}, ["/"]
    while pending:
        path = pending.pop(0)
        key = pattern(path), (re.match("/studies/([^/?]+)", path) or [""])[0]
        if key[0] is None or key in found:
            continue
        found[key] = path
        if key[0] == "/" or key[0] not in NO_PAGE:
            page.goto(served.origin + path)
            links = [link.partition("#")[0] for link in page.evaluate(LINKS)]
            pending += [link for link in links if re.match("/[a-z]", link)]
    context.close()
    addresses: dict[str, list[str]] = {}
    for (route, _), path in found.items():
        addresses.setdefault(route, []).append(HELD.get(path, path))
    return addresses


@pytest.fixture(params=[path for path in GET if path not in NO_PAGE])
def paths(request: pytest.FixtureRequest, reached: dict[str, list[str]]) -> list[str]:
    """Addresses of each page."""
    assert request.param in reached, f"no link leads to {request.param}"
    return reached[request.param]


def test_what_is_no_page_is_one_of_the_routes() -> None:
    assert set(NO_PAGE) <= set(GET)


def test_a_page_can_be_read_by_everybody(paths: list[str], visit: Any) -> None:
    """With a reader of screens, in the dark, on a phone; it asks nobody else for anything."""
    for path in paths:
        page = visit.go(path)
        visit.axe()
        assert page.locator("h1").count() == 1
        assert "SYNTHETIC DATA" in page.inner_text("body")
        visit.contrast(dark=True)
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 390, "height": 800})
        visit.fits()
        page.set_viewport_size({"width": 1280, "height": 900})


def test_a_page_says_the_same_without_javascript(paths: list[str], look: Any) -> None:
    with_it, without = look(), look(javascript=False)
    for path in paths:
        said = with_it.go(path).evaluate(WORDS)
        assert len(said) > 40
        assert without.go(path).evaluate(WORDS) == said


def test_a_report_fits_a_phone(reached: dict[str, list[str]], look: Any) -> None:
    """Its wide tables are scrolled by themselves."""
    visit = look(width=390)
    for path in reached["/studies/{study}/report"]:
        visit.go(path)
        visit.fits()
