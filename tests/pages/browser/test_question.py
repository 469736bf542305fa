"""A person asks a model in a browser: the answer, a refusal, and what is forgotten."""

import io
import re
import zipfile
from pathlib import Path
from typing import Any

PLACE = Path(".elsewhere/answers")
SECRET = "Mr^Patient Name"
PROBABILITY = re.compile(r"\b[01]\.\d{3}\b")


def zipped(folder: Path) -> dict[str, Any]:
    """A zip of a scan as a person makes it: in a folder with a name, with a note beside it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"{SECRET}/{file.name}")
        archive.writestr(f"{SECRET}/notes of {SECRET}.txt", "nothing of use")
    return {"name": f"{SECRET}.zip", "mimeType": "application/zip", "buffer": stream.getvalue()}


def kept(project: Path) -> list[str]:
    """Names of all that the server keeps of questions."""
    return sorted(path.name for path in (project / PLACE).rglob("*"))


def probability(page: Any) -> float:
    row = page.get_by_role("region", name="Probabilities").locator("tbody tr").first
    return float(PROBABILITY.search(row.inner_text())[0])


def test_a_zip_is_answered_as_the_pipeline_does_and_forgotten(
    visit: Any, asked: Any, question: Any, shown_project: Path
) -> None:
    before = kept(shown_project)
    page = asked(visit, files=zipped(question.folder))
    assert abs(probability(page) - question.probability) <= 0.0005, "three decimals of the same"
    assert "Research use only" in page.inner_text("body")
    assert SECRET.partition("^")[2] not in page.content()
    page.locator("slice-viewer canvas").first.wait_for()
    page.wait_for_load_state("networkidle")
    visit.axe()
    visit.contrast(dark=True)
    page.set_viewport_size({"width": 390, "height": 800})
    visit.fits()
    now = kept(shown_project)
    assert set(now) > set(before)
    assert [name for name in now if "Patient" in name] == []
    page.get_by_role("button", name="Forget this now").click()
    page.wait_for_url("**/ask*")
    assert kept(shown_project) == before


def test_a_folder_is_answered_without_javascript(look: Any, asked: Any, question: Any) -> None:
    page = asked(look(javascript=False))
    assert abs(probability(page) - question.probability) <= 0.0005
    page.get_by_role("button", name="Forget this now").click()


def test_files_that_are_no_scan_are_refused_with_a_reason(
    visit: Any, asked: Any, shown_project: Path
) -> None:
    before = kept(shown_project)
    text = {"name": f"{SECRET}.txt", "mimeType": "text/plain", "buffer": b"nothing"}
    page = asked(visit, files=text)
    assert "no answer" in page.get_by_role("heading", level=1).inner_text().lower()
    assert page.get_by_role("alert").count() == 1
    assert PROBABILITY.search(page.inner_text("main")) is None
    visit.axe()
    visit.faults = [one for one in visit.faults if "status of 422" not in one]
    if page.get_by_role("button", name="Forget this now").count():
        page.get_by_role("button", name="Forget this now").click()
        page.wait_for_url("**/ask*")
    assert kept(shown_project) == before
