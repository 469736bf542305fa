"""asking: the pages that put scans from outside to a model: the form, the wait, the answer."""

from __future__ import annotations

import asyncio
import errno
import html
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from elsewhere.answers.answer import Answer, Refused, Wanted
from elsewhere.answers.unpacked import Taken, TooLarge
from elsewhere.design import paths
from elsewhere.design.reading import ParamsError
from elsewhere.design.serving import ServeRow
from elsewhere.design.site import layout_options
from elsewhere.pages import shell, shown_answer
from elsewhere.pages.questions import Full, Question, Questions
from elsewhere.pages.results import NotThere, Results
from elsewhere.pages.scratch import Scratch
from elsewhere.pages.upload import TooSlow, drained, receive

STATUS = {TooLarge: 413, TooSlow: 408, Full: 503, OSError: 507}
FULL_DISK = "the disk of the server is full; make room and send the files again"
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FORGOTTEN = (
    "There is no such answer: it was forgotten, or the server was started again. Send the files "
    "again to ask once more."
)
_LIVE = "<!-- what happens comes here -->"
_LOOK_S = 0.3
_ALIVE_S = 10.0  # a browser that hears nothing for minutes gives up


@asynccontextmanager
async def running(app: Starlette) -> AsyncIterator[None]:
    """Keep the questions of an application while it runs; all are forgotten at its end."""
    questions = Questions(Scratch(app.state.shell.scratch), _ask)
    app.state.questions = questions
    async with questions.kept():
        yield


def _ask(
    folder: Path,
    wanted: Wanted,
    *,
    work: Path,
    limits: ServeRow,
    stop: threading.Event | None = None,
) -> Answer:
    """Answer a question; see `elsewhere.answers.asking.ask`."""
    from elsewhere.answers.asking import ask  # twice as long as a start

    try:
        return ask(folder, wanted, work=work, limits=limits, stop=stop)
    except (ParamsError, UnicodeDecodeError) as error:
        raise Refused(f"the settings were changed and cannot be used: {error}") from None


async def form(request: Request) -> Response:
    """Show what can be asked, of one study."""
    page = _open(request)
    results = page.results
    studies = {name: arms for name in results.studies() if (arms := askable(results, name))}
    study = request.query_params.get("study", next(iter(studies), ""))
    if study not in studies:
        raise NotThere("No study of this name has models that are trained and scored here.")
    row = results.study(study)
    sites = {name: results.params.sites[name].title for name in results.sites(study)}
    return page.page(
        "ask.html.j2",
        study=study,
        all_studies={name: results.params.studies[name].title for name in studies},
        title=row.title,
        arms={name: results.labels(study)[name] for name in studies[study]},
        chosen=request.query_params.get("arm", ""),
        sites=sites,
        modality=layout_options(results.params.sites[next(iter(sites))]).modality,
        limits=results.params.serve,
    )


async def asked(request: Request) -> Response:
    """Take the files of a question, and lead to the page of its answer."""
    page = _open(request)
    questions: Questions = request.app.state.questions
    limits = page.results.params.serve
    try:
        async with questions.coming(limits) as folder:
            taken = Taken(folder / "raw", limits)
            fields = await receive(request, taken)
            wanted = _wanted(page.results, fields)
            await asyncio.to_thread(taken.unpack)
            if not taken.count:
                raise Refused("no file was chosen; choose the files of a scan, its folder or a zip")
            await asyncio.to_thread(taken.settle)
            question = Question(wanted, folder, limits)
            questions.add(question)
    except ClientDisconnect:
        return Response(status_code=400)  # nobody reads it
    except (Refused, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _DISK:
            raise
        await drained(request)
        told = str(error) if isinstance(error, Refused) else FULL_DISK
        status = STATUS.get(type(error), 400)
        said = shown_answer.sentence(told)
        return page.page("refused.html.j2", status=status, reasons=[said], question=None)
    return RedirectResponse(f"/answers/{question.key}", 303)


async def answered(request: Request) -> Response:
    """Show an answer, or that it is being made: such a page leads on by itself."""
    page, question = _question(request)
    about: dict[str, Any] = {"study": question.wanted.study, "question": question}
    if question.state == "refused":
        said = shown_answer.sentence(question.sentence)
        return page.page("refused.html.j2", status=422, reasons=[said], **about)
    if question.answer is not None and question.settled:
        windows = await asyncio.to_thread(shown_answer.windows, question)
        about |= {"a": question.answer, "say": shown_answer, "windows": windows}
        return page.page("answer.html.j2", **about)
    title = page.results.labels(question.wanted.study)[question.wanted.arm]
    waiting = page.page("waiting.html.j2", title=title, **about)
    whole = bytes(waiting.body).decode()
    return StreamingResponse(_live(request, question, whole), media_type="text/html")


async def volume(request: Request) -> Response:
    """Return the voxels of a scan of an answer as NIfTI."""
    return await _file(request, "volume")


async def map_of(request: Request) -> Response:
    """Return the Grad-CAM map of a scan of an answer as NIfTI."""
    return await _file(request, "map")


async def forgotten(request: Request) -> Response:
    """Forget an answer now, and end its computation."""
    _, question = _question(request)
    await request.app.state.questions.forget(question.key)
    return RedirectResponse(f"/ask?study={question.wanted.study}", 303)


def askable(results: Results, study: str) -> tuple[str, ...]:
    """Return the arms of a study whose cells are scored: without numbers no answer has a worth."""
    return tuple(
        arm
        for arm in results.params.studies[study].arms
        if any(
            (results.root / paths.cell(study, arm, site, "metrics.json")).is_file()
            for site in results.sites(study)
        )
    )


def _open(request: Request) -> shell.Shell:
    """Return the shell, if models may be asked.

    Raises
    ------
    shell.Refused
        If the server was started without.
    """
    page = shell.of(request)
    if not page.asks:
        raise shell.Refused("This server answers no questions: it was started so.", status=403)
    return page


def _wanted(results: Results, fields: dict[str, str]) -> Wanted:
    """Return study, arm and site of a form, each found among the names of the settings."""
    wanted = Wanted(fields.get("study", ""), fields.get("arm", ""), fields.get("site") or None)
    if wanted.study not in results.studies() or wanted.arm not in askable(results, wanted.study):
        raise Refused("this model is not there; choose one in the form")
    if wanted.site is not None and wanted.site not in results.sites(wanted.study):
        raise Refused("this site is not one of the study; choose one in the form")
    return wanted


def _question(request: Request) -> tuple[shell.Shell, Question]:
    """Return the question of a request's key.

    Raises
    ------
    NotThere
        If there is none, or it was forgotten.
    """
    page = _open(request)
    question = request.app.state.questions.of(request.path_params["key"])
    if question is None:
        raise NotThere(FORGOTTEN)
    return page, question


async def _live(request: Request, question: Question, page: str) -> AsyncIterator[str]:
    """Send the page of a question line by line while it is answered, then lead to the answer.

    So nothing has to be loaded again and again: without a script a reader, also one who listens,
    keeps the place on the page.
    """
    before, after = page.split(_LIVE)
    yield before
    questions: Questions = request.app.state.questions
    told, quiet = "", 0.0
    while not question.settled and questions.of(question.key) is question:
        now = shown_answer.progress(question, questions.before(question))
        quiet += _LOOK_S
        if now != told:
            yield f"<li>{html.escape(now)}</li>\n"
            told, quiet = now, 0.0
        elif quiet > _ALIVE_S:
            yield "\n"
            quiet = 0.0
        await asyncio.sleep(_LOOK_S)
    # at once, which is no refresh that a reader cannot stop
    yield '<li>Done.</li>\n<meta http-equiv="refresh" content="0">\n' + after


async def _file(request: Request, what: str) -> Response:
    _, question = _question(request)
    number = request.path_params["number"]
    found = await asyncio.to_thread(shown_answer.nifti_of, question, what, number)
    if found is None:
        raise HTTPException(404)
    return Response(found, media_type="application/octet-stream")


routes: list[BaseRoute] = [
    Route("/ask", form),
    Route("/answers", asked, methods=["POST"]),
    Route("/answers/{key}", answered),
    Route("/answers/{key}/volume-{number:int}", volume),
    Route("/answers/{key}/map-{number:int}", map_of),
    Route("/answers/{key}/forget", forgotten, methods=["POST"]),
]
