"""app: it starts over a project, and every mistake becomes a page without a path in it."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from elsewhere.pages import matrix
from elsewhere.pages.app import application
from elsewhere.pages.guard import Entrance
from elsewhere.pages.shell import Refused

SECRET = "a-name-of-a-patient"


def _fail(request):
    raise RuntimeError(SECRET)


def _refuse(request):
    raise Refused("This <is> refused.", status=413)


def _read(request):
    """Read a file of the results that a pipeline may replace at this moment."""
    path = Path(request.query_params["path"])
    return PlainTextResponse(str(READERS[path.suffix](path)))


READERS = {".json": lambda path: json.loads(path.read_text()), ".parquet": pd.read_parquet}


@pytest.fixture
def failing(project, tmp_path, monkeypatch):
    added = [
        Route("/fail", _fail),
        Route("/refuse", _refuse),
        Route("/read", _read),
        *matrix.routes,
    ]
    monkeypatch.setattr(matrix, "routes", added)
    app = application(project, entrance=Entrance(), scratch=tmp_path)
    with TestClient(app, base_url="http://127.0.0.1:8321", raise_server_exceptions=False) as client:
        client.get("/enter", params={"token": app.entrance.token()})
        yield client


def test_the_first_page_leads_to_the_first_study(client):
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.url.path == "/studies/nguyen2021"
    assert "SYNTHETIC DATA" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/nothing", "/studies/none", "/studies/nguyen2021/cells/none/none", "/studies/..%2f..",
        "/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static//etc/passwd",
        "/static/", "/studies/nguyen2021/figures/..%2fmatrix.csv",
        "/studies/nguyen2021/figures/%2e%2e/matrix.csv", "/studies/nguyen2021/figures/matrix",
        "/studies/nguyen2021/sites/utsw", "/studies/nguyen2021/sites/..%2f..%2fparams.yaml",
        "/studies/nguyen2021/cells/utsw/..%2fmosmed-synthetic", "/studies/%00",
        "/studies/nguyen2021/sites/utsw-synthetic%00", "/studies/nguyen2021/figures/matrix.png%00",
    ],
)  # fmt: skip
def test_what_is_not_there_is_a_page_that_names_no_path(client, project, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert "<!doctype html>" in answer.text
    assert str(project) not in answer.text


def test_a_page_that_fails_shows_no_reason_and_the_terminal_does(failing, caplog):
    answer = failing.get("/fail")
    assert answer.status_code == 500
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    with TestClient(failing.app, base_url="http://127.0.0.1:8321") as raising:
        raising.cookies = failing.cookies
        with pytest.raises(RuntimeError, match=SECRET):  # uvicorn writes it to the terminal
            raising.get("/fail")


def test_what_is_refused_is_said_in_its_sentence_and_escaped(failing):
    answer = failing.get("/refuse")
    assert answer.status_code == 413
    assert "This &lt;is&gt; refused." in answer.text


@pytest.mark.parametrize("name", ["a.json", "a.parquet"])
@pytest.mark.parametrize("content", [None, b"", b'{"pooled": {"st', b"PAR1"])
def test_a_file_that_is_replaced_while_a_page_is_made_is_no_fault(failing, tmp_path, name, content):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    answer = failing.get("/read", params={"path": str(path)})
    assert answer.status_code == 503
    assert "Load the page again" in answer.text
    assert str(tmp_path) not in answer.text


def test_a_page_that_only_shows_cannot_be_posted_to(client):
    assert client.post("/studies/nguyen2021").status_code == 405


def test_the_pages_load_without_torch_dvc_and_snakemake():
    """Nor what draws: a start takes no longer than it must."""
    heavy = ("torch", "dvc", "snakemake", "matplotlib", "seaborn", "sklearn", "blosc2")
    code = f"import sys, elsewhere.pages.app; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert found.stdout.strip() == "[]"
