import asyncio
import io
import zipfile

import nibabel
import numpy as np
import pandas as pd
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from elsewhere.answers.answer import Wanted
from elsewhere.design.serving import ServeRow
from elsewhere.imaging import store
from elsewhere.pages import scratch
from elsewhere.pages.asking import _ask as ask
from elsewhere.pages.questions import Question, Questions

STUDY, ARM = "nguyen2021", "utsw_cc-ccii"
NAMES = ["a.zip", "a.nii.gz", "a.dcm", "", "a/\0", "é" * 99]
RAW = {"utsw": "DICOM", "cc-ccii": "PNG", "mosmed": "NIfTI"}


@pytest.fixture
def asking(client, project, monkeypatch):
    """A client; questions are answered in the folder of the project, as by a server."""
    monkeypatch.chdir(project)
    return client


def private(app):
    """Return the folder of the server."""
    return app.app.state.shell.scratch


def left(app):
    return list(private(app).glob("answer-*"))


def of_pipeline(project, site):
    """Return the manifest's row of a test scan of a site, and P(class 1) of the arm for it."""
    row = f"{site}-synthetic"
    said = pd.read_parquet(project / f"results/{STUDY}/cells/{ARM}/{row}/predictions.parquet")
    said = said[said["part"] == "test"].groupby("scan_id")["probability_1"].mean()
    manifest = pd.read_parquet(project / f"data/scans/{row}/manifest.parquet")
    found = manifest[manifest["scan_id"].isin(said.index)].iloc[0]
    return found, said[found["scan_id"]]


def raw(project, site):
    """Return name and content of each raw file of the test scan of a site."""
    top = project / f"data/raw/{site}-synthetic"
    at = top / of_pipeline(project, site)[0]["source_path"]
    files = sorted(at.rglob("*")) if at.is_dir() else [at]
    return [(f"{site} Mustermann^Max/{one.name}", one.read_bytes()) for one in files]


def zipped(files):
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files:
                archive.writestr(name, content)
        return file.getvalue()


def put(client, files, **fields):
    """Send a form as a browser does; return the answer to the form."""
    fields = {"study": STUDY, "arm": ARM} | fields
    sent = [("files", one) for one in files]
    return client.post("/answers", data=fields, files=sent, follow_redirects=False)


def answer(client, app, files):
    """Send a form and wait; return address and text of the page, and the answer that it shows."""
    at = put(client, files).headers["location"]
    waiting = client.get(at).text
    assert '<meta http-equiv="refresh" content="0">' in waiting
    question = app.app.state.questions.of(at.rpartition("/")[2])
    return at, client.get(at).text, question.answer


def test_every_raw_format_gets_the_probability_of_the_pipeline(asking, app, project):
    """A folder of DICOM files, a zip of slices and a NIfTI file, in one form."""
    files = [*raw(project, "utsw"), *raw(project, "mosmed")]
    files.append(("Mustermann.zip", zipped(raw(project, "cc-ccii"))))
    files.append(("notes of Mustermann.txt", b"no scan"))
    at, page, found = answer(asking, app, files)
    said = {one.sha256: one for one in found.scans}
    for site in RAW:
        row, probability = of_pipeline(project, site)
        scan = said[row["volume_sha256"]]
        assert scan.outputs[0].probability == pytest.approx(probability, abs=1e-6)
        assert f"{probability:.3f}" in page
        volume = asking.get(f"{at}/volume-{scan.number}").content
        image = nibabel.Nifti1Image.from_bytes(volume)
        assert (image.header["sform_code"] > 0) == bool(row["affine"])  # marks of right and left
        shown = np.asarray(image.dataobj)
        stored = store.read(
            project / f"data/scans/{site}-synthetic/volumes/{row['scan_id']}{store.SUFFIX}"
        )
        assert np.array_equal(shown.transpose(2, 1, 0), stored)
        assert scan.map is None or asking.get(f"{at}/map-{scan.number}").status_code == 200
    assert len(found.unused) == 1
    of_page = [
        *("For research only", "Forget this now", "Is this a scan for this model?"),
        *("What the model says", "threshold", "What that is worth", "most similar", "lowest AUC"),
        *("At every site", "<slice-viewer", "Files that are not used"),
    ]
    places = [page.index(text) for text in of_page]
    assert places == sorted(places)
    everything = page + "".join(str(path) for path in private(app).rglob("*"))
    assert "Mustermann" not in everything
    [folder] = left(app)
    assert not (folder / "raw").exists()
    assert asking.post(f"{at}/forget", follow_redirects=False).status_code == 303
    assert left(app) == []
    assert asking.get(at).status_code == asking.get(f"{at}/volume-1").status_code == 404


def picture(array):
    with io.BytesIO() as file:
        Image.fromarray(array).save(file, "PNG")
        return file.getvalue()


def test_what_is_no_scan_for_a_model_gets_reasons_and_no_probability(asking, app):
    noise = np.random.default_rng(0).integers(0, 256, (12, 64, 64), np.uint8)
    _, page, found = answer(
        asking, app, [(f"{n}.png", picture(one)) for n, one in enumerate(noise)]
    )
    assert found.files == 12
    assert not any(scan.answered for scan in found.scans)
    assert "probability is shown" in page or "No scan was found" in page
    assert "What the model says" not in page


def test_the_form_says_what_is_taken_and_needs_no_script(asking):
    page = asking.get("/ask", params={"study": STUDY, "arm": ARM}).text
    assert f'<option value="{ARM}" selected>' in page
    assert 'enctype="multipart/form-data"' in page
    assert "webkitdirectory" in page
    assert "<script" not in page
    assert "5,000 files and 2,000 MB" in page
    assert "10 minutes later" in page


@pytest.mark.parametrize(
    "fields",
    [
        {"arm": "no-arm"},
        {"study": "../../etc"},
        {"study": STUDY, "site": "../utsw-synthetic"},
        {"study": "contrastive"},
        {"arm": "<script>"},
    ],
)
def test_names_of_a_form_are_held_to_the_settings(asking, app, fields):
    refused = put(asking, [("a.dcm", b"x")], **fields)
    assert refused.status_code == 400
    assert "choose one in the form" in refused.text
    assert left(app) == []


def test_a_form_without_files_is_refused(asking, app):
    refused = asking.post("/answers", data={"study": STUDY}, files={"none": ("", b"")})
    assert refused.status_code == 400
    assert left(app) == []


@pytest.mark.parametrize("key", ["x", "%2e%2e", "x/volume-1", "x/map-1", "x/volume-x"])
def test_an_answer_that_is_not_there_is_not_found(asking, key):
    assert asking.get(f"/answers/{key}").status_code == 404


def test_a_server_that_takes_no_files_says_so(asking, app, monkeypatch):
    closed = app.app.state.shell.__class__(app.app.state.shell.results, private(app), asks=False)
    monkeypatch.setattr(app.app.state, "shell", closed)
    assert asking.get("/ask").status_code == 403
    assert put(asking, [("a", b"x")]).status_code == 403


@settings(
    deadline=None,
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.binary(max_size=300), st.sampled_from(["a.zip", "a.nii.gz", "a.dcm", "", "a/\0", "é" * 99])
)
def test_any_bytes_are_asked_or_refused_and_leave_nothing(asking, app, content, name):
    found = put(asking, [(name, content)])
    assert found.status_code == 303 or 400 <= found.status_code < 500
    if found.status_code == 303:
        asking.post(f"{found.headers['location']}/forget", follow_redirects=False)
    assert left(app) == []


@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.binary(max_size=300), st.sampled_from(["multipart/form-data; boundary=x", "", "a/b"]))
def test_any_body_is_refused_and_leaves_nothing(asking, app, content, kind):
    found = asking.post("/answers", content=content, headers={"content-type": kind})
    assert 400 <= found.status_code < 500
    assert left(app) == []


async def asked_within(place, folder_files, *, kill=False, **limits):
    """Ask the real models with other limits; return the settled question."""
    with scratch.opened(place) as server:
        questions = Questions(server, ask)
        async with questions.kept():
            limited = ServeRow().model_copy(update=limits)
            async with questions.coming(limited) as folder:
                for name, content in folder_files:
                    (folder / "raw" / name.replace("/", "-")).write_bytes(content)
                question = Question(Wanted(STUDY, ARM), folder, limited)
                questions.add(question)
            while not question.settled:
                for worker in psutil.Process().children() if kill else ():
                    worker.kill()
                await asyncio.sleep(0.05)
            return question


@pytest.mark.parametrize("wrong", [b"scale: [", b"\xff\xfe"])
def test_settings_that_became_wrong_are_told(tmp_path, monkeypatch, wrong):
    """A person may edit them while files come in."""
    (tmp_path / "params.yaml").write_bytes(wrong)
    monkeypatch.chdir(tmp_path)
    question = asyncio.run(asked_within(tmp_path, []))
    assert question.state == "refused"
    assert "settings" in question.sentence


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"seconds": 0.05}, "serve.seconds"),
        ({"memory_gb": 0.2}, "serve.memory_gb"),
        ({"kill": True}, "SIGKILL"),
    ],
)
def test_a_process_that_ends_early_becomes_a_sentence(project, monkeypatch, tmp_path, limits, said):
    monkeypatch.chdir(project)
    question = asyncio.run(asked_within(tmp_path, raw(project, "mosmed"), **limits))
    assert question.state == "refused"
    assert said in question.sentence
