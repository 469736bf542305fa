"""A real browser before a real `elsewhere serve`, and what no page may do in it."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

ROOT = Path(__file__).parents[3]
OTHER = "ELSEWHERE_PAGES_OF"
PROGRAMS = ("chromium", "google-chrome")
INSTALL = "apt-get install --no-install-recommends chromium"
LINK = re.compile(r"(http://127\.0\.0\.1:\d+)/\S+")
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = """async ([rules, kind]) => {
  const found = await axe.run(document, {runOnly: {type: kind, values: rules}});
  const text = (nodes) => nodes.map((node) => node.html.slice(0, 160)).join(' | ');
  return found.violations.map((one) => `${one.id}: ${one.help}: ${text(one.nodes)}`);
}"""

WIDE = """() => {
  const wide = document.documentElement.scrollWidth - window.innerWidth;
  const over = (one) => one.getBoundingClientRect().right > window.innerWidth
    && !one.closest('.scroll, .sr, pre');
  const found = wide > 0 ? [...document.body.querySelectorAll('*')].filter(over) : [];
  return wide > 0 ? [`by ${wide} px`, ...found.map((one) => one.outerHTML.slice(0, 160))] : [];
}"""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark them; they share the worker of all tests of pages, which has the project."""
    item.add_marker("browser")


def program() -> str:
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None and os.environ.get("ELSEWHERE_BROWSER") == "required":
        pytest.fail(f"there is no browser here: {INSTALL}")
    if found is None:
        pytest.skip(f"there is no browser here: {INSTALL}")
    return found


@dataclass(frozen=True)
class Served:
    """A running server: where it is, and the link that it printed."""

    origin: str
    link: str


@dataclass(frozen=True)
class Look:
    """What a person looks with."""

    width: int = 1280
    dark: bool = False
    javascript: bool = True


@dataclass
class Visit:
    """One page in the browser, and what it did that no page may do."""

    page: Any
    origin: str
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", self._request)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))

    def _request(self, request: Any) -> None:
        if not request.url.startswith((f"{self.origin}/", "data:", f"blob:{self.origin}/")):
            self.faults.append(f"request to {request.url}")

    def _console(self, message: Any) -> None:  # a violation of the policy is one too
        if message.type in ("error", "warning"):
            self.faults.append(f"console: {message.text}")

    def go(self, path: str, *, status: int = 200) -> Any:
        """Open a page by its address; return playwright's page."""
        answer = self.page.goto(self.origin + path)
        assert answer.status == status, f"{path}: {answer.status}"
        if status >= 400:  # chromium writes each one to its console
            self.faults = [one for one in self.faults if f"status of {status}" not in one]
        return self.page

    def check(self) -> None:
        """Fail if anything that the page did until now may not be."""
        assert self.faults == []

    def axe(self, rules: list[str] = STANDARDS, kind: str = "tag") -> None:
        """Fail on what axe finds; evaluated from outside, so that the page's policy stays."""
        self.page.evaluate(_axe())
        assert self.page.evaluate(AXE, [rules, kind]) == [], self.page.url

    def contrast(self, *, dark: bool) -> None:
        """Fail if a text is hard to read in one of both colour schemes."""
        self.page.emulate_media(color_scheme="dark" if dark else "light")
        self.axe(["color-contrast"], "rule")

    def fits(self) -> None:
        """Fail if the page must be scrolled sideways."""
        wide = self.page.evaluate(WIDE)
        assert not wide, f"{self.page.url} is wider than its window: {wide}"


def _axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's chromium, without a window."""
    executable = program()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # a container has no namespaces of users, which the sandbox wants
        started = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def shown_project(request: pytest.FixtureRequest) -> Path:
    """The finished project; or any other, to look at its pages and to take their pictures."""
    program()
    return Path(os.environ.get(OTHER) or request.getfixturevalue("project"))


@pytest.fixture(scope="module")
def served(shown_project: Path) -> Iterator[Served]:
    """`elsewhere serve` over the finished project, on a port that was free just now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    as_root = [] if os.geteuid() else ["--as-root"]
    process = subprocess.Popen(
        [sys.executable, "-m", "elsewhere", "serve", "--port", str(port), *as_root],
        cwd=shown_project,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said: list[str] = []
    for line in process.stdout:
        said.append(line)
        if found := LINK.search(line):
            break
    else:
        pytest.fail(f"it printed no link:\n{''.join(said)}")
    # what it says from here on must not fill the pipe
    rest = threading.Thread(target=said.extend, args=(process.stdout,), daemon=True)
    rest.start()
    yield Served(found[1], found[0])
    process.terminate()
    process.wait()
    rest.join()
    assert "Traceback" not in "".join(said), "".join(said)


@pytest.fixture(scope="module")
def logged_in(browser: Any, served: Served) -> Any:
    """The cookies of a person who opened the printed link."""
    context = browser.new_context()
    assert context.new_page().goto(served.link).ok
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def look(browser: Any, served: Served, logged_in: Any) -> Iterator[Callable[..., Visit]]:
    """Open windows, logged in; at the end none may have done what no page may do.

    Options are the fields of `Look`.
    """
    opened: list[Visit] = []

    def made(**options: Any) -> Visit:
        wanted = Look(**options)
        context = browser.new_context(
            storage_state=logged_in,
            viewport={"width": wanted.width, "height": 900},
            color_scheme="dark" if wanted.dark else "light",
            java_script_enabled=wanted.javascript,
        )
        opened.append(Visit(context.new_page(), served.origin))
        return opened[-1]

    yield made
    for visit in opened:
        visit.page.context.close()
    for visit in opened:
        visit.check()


@pytest.fixture
def visit(look: Callable[..., Visit]) -> Visit:
    """A window as wide as a desk, logged in."""
    return look()


@dataclass(frozen=True)
class Question:
    """A test scan as its site published it, and what the cell says of it."""

    study: str
    arm: str
    folder: Path
    probability: float


@pytest.fixture(scope="module")
def question(shown_project: Path) -> Question:
    """The first test scan of a site with DICOM files, of the arm that was trained there."""
    study, arm, site = "nguyen2021", "utsw", "utsw-synthetic"
    cell = shown_project / f"results/{study}/cells/{arm}/{site}/predictions.parquet"
    rows = pd.read_parquet(cell)
    rows = rows[rows["part"] == "test"].set_index("scan_id")["probability_1"]
    manifest = pd.read_parquet(shown_project / f"data/scans/{site}/manifest.parquet")
    source = manifest.set_index("scan_id").loc[rows.index[0], "source_path"]
    folder = shown_project / f"data/raw/{site}" / source
    return Question(study, arm, folder, float(rows[rows.index[0]].mean()))


@pytest.fixture
def asked(question: Question) -> Callable[..., Any]:
    """Ask about files, or a folder, in the form; return playwright's page of the answer."""

    def sent(visit: Visit, *, files: Any = None) -> Any:
        page = visit.go(f"/ask?study={question.study}&arm={question.arm}")
        if files is None:
            page.get_by_label("A whole folder").set_input_files(question.folder)
        else:
            page.get_by_label("Files, or a zip of them").set_input_files(files)
        page.get_by_role("button", name="Send and ask").click()
        page.wait_for_url("**/answers/**", timeout=120_000)
        page.get_by_role("heading", level=1, name=re.compile("answer$")).wait_for(timeout=120_000)
        return page

    return sent
