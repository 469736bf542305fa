"""What the browser tests fail on, shown with pages that do it."""

import pytest

POLICY = {"Content-Security-Policy": "default-src 'self'"}
PAGE = "<!doctype html><html lang=en><title>A page</title><main><h1>A page</h1>{}</main>"
FOREIGN = "http://elsewhere.invalid/picture.png"


@pytest.fixture
def opened(visit):
    """Open a page of this text in place of one of the server's, under a policy like its own."""

    def go(text, headers=POLICY):
        answer = {"body": PAGE.format(text), "content_type": "text/html", "headers": headers}
        visit.page.route("**/*", lambda route: route.fulfill(**answer))
        visit.go("/")
        visit.page.wait_for_load_state("networkidle")
        return visit

    yield go
    visit.faults.clear()


@pytest.mark.parametrize(
    ("text", "headers", "fault"),
    [
        (f"<img src={FOREIGN} alt=none>", {}, f"request to {FOREIGN}"),
        ("<script>document.title = 'x'</script>", POLICY, "Content Security Policy"),
        ("<p style='color: red'>red</p>", POLICY, "Content Security Policy"),
        ("<script>console.error('no')</script>", {}, "console: no"),
        ("<script>missing()</script>", {}, "missing is not defined"),
    ],
)
def test_a_page_that_does_what_none_may_is_caught(opened, text, headers, fault):
    found = opened(text, headers).faults
    assert any(fault in one for one in found), found


def test_a_page_that_does_nothing_is_not(opened):
    visit = opened("<p>Nothing.</p>")
    visit.check()
    visit.axe()
    visit.fits()


def test_axe_finds_a_picture_without_words(opened):
    with pytest.raises(AssertionError, match="image-alt"):
        opened("<img src=/picture.png>").axe()


def test_pale_text_is_found_in_the_scheme_that_has_it(opened):
    style = "@media (prefers-color-scheme: dark) { p { color: #222; background: #111 } }"
    visit = opened(f"<style>{style}</style><p>Nothing.</p>", {})
    visit.contrast(dark=False)
    with pytest.raises(AssertionError, match="color-contrast"):
        visit.contrast(dark=True)


def test_a_page_wider_than_its_window_is_found(opened):
    with pytest.raises(AssertionError, match="wider than its window"):
        opened("<style>p { width: 3000px }</style><p>Wide.</p>", {}).fits()
