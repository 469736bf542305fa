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


@pytest.fixture(scope="session")
def reached(browser: Any, served: Any, logged_in: Any) -> dict[str, str]:
    """An address of each route, found by following links from the first page."""
    context = browser.new_context(storage_state=logged_in)
    page, found, pending = context.new_page(), {}, ["/"]
    while pending:
        path = pending.pop(0)
        route = pattern(path)
        if route is None or route in found:
            continue
        found[route] = path
        if route == "/" or route not in NO_PAGE:
            page.goto(served.origin + path)
            links = [link.partition("#")[0] for link in page.evaluate(LINKS)]
            pending += [link for link in links if re.match("/[a-z]", link)]
    context.close()
    return found


@pytest.fixture(params=[path for path in GET if path not in NO_PAGE])
def path(request: pytest.FixtureRequest, reached: dict[str, str]) -> str:
    """An address of each page."""
    assert request.param in reached, f"no link leads to {request.param}"
    return HELD.get(request.param, reached[request.param])


def test_what_is_no_page_is_one_of_the_routes() -> None:
    assert set(NO_PAGE) <= set(GET)


def test_a_page_can_be_read_by_everybody(path: str, visit: Any) -> None:
    """With a reader of screens, in the dark, on a phone; it asks nobody else for anything."""
    page = visit.go(path)
    visit.axe()
    assert page.locator("h1").count() == 1
    visit.contrast(dark=True)
    page.set_viewport_size({"width": 390, "height": 800})
    visit.fits()


def test_a_page_says_the_same_without_javascript(path: str, look: Any) -> None:
    page, without = look().go(path), look(javascript=False).go(path)
    said = page.evaluate(WORDS)
    assert len(said) > 40
    assert without.evaluate(WORDS) == said


def test_the_name_of_nobody_but_this_server_is_in_a_page(path: str, visit: Any) -> None:
    """A link may lead elsewhere when a person follows it, to a paper for instance; no resource."""
    html = visit.go(path).content()
    resources = re.findall(r"<(?:script|link|img|iframe|source)[^>]+(?:src|href)=\"([^\"]+)", html)
    assert [one for one in resources if not one.startswith(("/", "data:"))] == []


def test_synthetic_data_are_marked_on_every_page(path: str, visit: Any) -> None:
    assert "SYNTHETIC DATA" in visit.go(path).inner_text("body")
