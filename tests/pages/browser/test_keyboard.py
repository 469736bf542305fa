"""From the link to a scan with the keyboard alone, which shows at each step where it is."""

import re
from typing import Any

import pytest

MOST = 80  # tabs until a person gives up
FOCUSED = """() => {
  const one = document.activeElement;
  const style = getComputedStyle(one);
  return {
    href: one.getAttribute('href') || '',
    seen: one.matches(':focus-visible') && style.outlineStyle !== 'none'
      && parseFloat(style.outlineWidth) >= 2,
    inside: one.getBoundingClientRect().right > 0,
    label: one.outerHTML.slice(0, 120),
  };
}"""


def tab_to(page: Any, href: str) -> None:
    """Press Tab until a link has the focus; each stop on the way must be seen."""
    for _ in range(MOST):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        assert focused["seen"], focused["label"]
        assert focused["inside"], focused["label"]
        if re.fullmatch(href, focused["href"]):
            return
    pytest.fail(f"{MOST} tabs did not lead to {href}")


def follow(page: Any, href: str) -> None:
    tab_to(page, href)
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.mark.parametrize("dark", [False, True])
def test_from_the_first_page_to_a_scan(look: Any, dark: bool) -> None:
    page = look(dark=dark).go("/")
    follow(page, r"/studies/[^/]+/cells/.*")
    assert "/cells/" in page.url
    follow(page, r"/studies/[^/]+/scans/.*")
    assert "/scans/" in page.url
    assert page.locator("h1").is_visible()


def test_the_first_stop_leads_past_the_navigation(visit: Any) -> None:
    page = visit.go("/jobs?still=1")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["href"] == "#main"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
