"""volumes: the voxels of a scan, and the Grad-CAM map over it, as NIfTI for the viewer.

Neither is compressed: a browser on the same machine reads 150 MB in a second, and packing them
takes four. A scan whose pixels may show a name is not sent, and no map of it.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from elsewhere.answers.answer import Refused
from elsewhere.answers.mapped import Mapped, OfScan, map_of
from elsewhere.answers.process import Stopped
from elsewhere.design import paths
from elsewhere.pages import nifti, shell
from elsewhere.pages.results import NotThere, Results
from elsewhere.pages.shell import Shell
from elsewhere.scores import predictions

MOST_MAPS = 64  # that are kept; one takes some 100 kB
HIDDEN = "This scan is not shown: text that is burned into its pixels may name a patient."
FAILED = "The map could not be made: the program failed"
GONE = 499  # nobody reads the answer any more
MOST_PROBABLE = "the class that it finds most probable"
CAPTION = "x-caption"  # header: what a map shows, percent-encoded
AGAINST = "x-against"  # header: whether it shows what speaks against that
_ASK_AGAIN = 0.2  # s, between two looks at whether somebody still waits


class Maps:
    """The maps that this server has made; one is made at a time.

    Parameters
    ----------
    folder
        Private folder for them.
    """

    def __init__(self, folder: Path) -> None:
        self.turn = asyncio.Lock()
        self._folder = folder
        self._made: OrderedDict[str, Mapped] = OrderedDict()

    def known(self, key: str) -> Mapped | None:
        """Return a map that was made before."""
        return self._made.get(key)

    def make(self, key: str, wanted: OfScan, results: Results, stop: threading.Event) -> Mapped:
        """Make a map; see `answers.mapped.map_of`."""
        params = results.params
        work = Path(tempfile.mkdtemp(prefix="map-", dir=self._folder))
        try:
            made = map_of(wanted, params=params, work=work, limits=params.serve, stop=stop)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise
        self._made[key] = made
        while len(self._made) > MOST_MAPS:
            _, oldest = self._made.popitem(last=False)
            shutil.rmtree(oldest.file.parent, ignore_errors=True)
        return made


def volume(request: Request) -> Response:
    """Send the voxels of a scan."""
    site, scan = (request.path_params[name] for name in ("site", "scan"))
    results = shell.of(request).results
    try:
        row = _row(results, site, scan)
        if scan in results.hidden(site):
            return PlainTextResponse(HIDDEN, 403)
        file = results.volume(site, scan)
    except NotThere as error:
        return PlainTextResponse(str(error), 404)
    from elsewhere.imaging import store  # half of the time of a start

    return _sent(nifti.packed(store.read(file), nifti.geometry(row)))


async def mapped(request: Request) -> Response:
    """Send the map of a scan, which is made where there is none yet."""
    of = shell.of(request)
    try:
        wanted, key = await run_in_threadpool(_wanted, request, of)
        if wanted.scan in of.results.hidden(wanted.site):
            return PlainTextResponse(HIDDEN, 403)
        found = await _made(request, of, wanted, key)
    except NotThere as error:
        return PlainTextResponse(str(error), 404)
    except Refused as error:
        return PlainTextResponse(f"There is no map: {error}.", 422)
    except Stopped:
        return PlainTextResponse("nobody waits for it", GONE)
    except RuntimeError as error:
        return PlainTextResponse(f"{FAILED} ({error}).", 500)
    return await run_in_threadpool(_as_nifti, of.results, wanted, found)


async def _made(request: Request, of: Shell, wanted: OfScan, key: str) -> Mapped:
    """Return a map, and end its making when nobody waits for it any more."""
    maps = _maps(request, of)
    async with maps.turn:
        if (found := maps.known(key)) is not None:
            return found
        stop = threading.Event()
        making = asyncio.ensure_future(run_in_threadpool(maps.make, key, wanted, of.results, stop))
        try:
            while not (await asyncio.wait({making}, timeout=_ASK_AGAIN))[0]:
                if await request.is_disconnected():
                    stop.set()
        finally:
            stop.set()  # also when the server ends
        return await making


def _maps(request: Request, of: Shell) -> Maps:
    state = request.app.state
    if not hasattr(state, "maps"):
        state.maps = Maps(of.scratch)
    maps: Maps = state.maps
    return maps


def _wanted(request: Request, of: Shell) -> tuple[OfScan, str]:
    """Return what a request wants, by checked names, and the key under which it is kept."""
    study, arm, site, scan = (request.path_params[n] for n in ("study", "arm", "site", "scan"))
    of.results.study(study, arm=arm, site=site)
    of.results.scan(site, scan)
    file = of.results.root / paths.cell(study, arm, site, "predictions.parquet")
    if not file.is_file():
        raise NotThere("The predictions of this cell are not on this machine.")
    names = predictions.findings(predictions.metadata_of(file))
    finding = request.query_params.get("finding") or None
    if finding is not None and finding not in names:
        raise NotThere("This cell has no finding or class of this name.")
    if finding is None and names and not predictions.classes(predictions.metadata_of(file)):
        raise NotThere("Each finding has a map of its own; say which one by ?finding=.")
    wanted = OfScan(of.results.root, study, arm, site, scan, finding)
    made = file.stat()
    text = repr((wanted, made.st_mtime_ns, made.st_size))
    return wanted, hashlib.sha256(text.encode()).hexdigest()


def _as_nifti(results: Results, wanted: OfScan, found: Mapped) -> Response:
    from elsewhere.imaging import store

    row, heat = _row(results, wanted.site, wanted.scan), store.read(found.file)
    shape = int(row["n_slices"]), int(row["rows"]), int(row["columns"])
    answer = _sent(nifti.packed(heat, nifti.geometry(row).over(heat.shape, of=shape)))
    answer.headers[CAPTION] = quote(_caption(results, wanted, found, empty=not heat.any()))
    answer.headers[AGAINST] = "yes" if found.against else "no"
    return answer


def _caption(results: Results, wanted: OfScan, found: Mapped, *, empty: bool) -> str:
    """Say what a map shows."""
    # at a threshold of its own the call may be the other class
    of = f"“{wanted.finding.replace('_', ' ')}”" if wanted.finding else MOST_PROBABLE
    fold, seed = found.run.split("-")
    arm = results.labels(wanted.study)[wanted.arm]
    model = f"of {arm} (model of fold {fold}, seed {seed}; layer {found.layer})"
    if empty:
        return f"The Grad-CAM map {model} is empty: nothing speaks for or against {of}."
    if found.against:
        return f"Grad-CAM {model}: what speaks against {of}, for nothing speaks for it."
    return f"Grad-CAM {model}: what speaks for {of}."


def _row(results: Results, site: str, scan: str) -> dict[str, Any]:
    return {str(name): value for name, value in results.scan(site, scan).items()}


def _sent(content: bytes) -> Response:
    return Response(content, media_type="application/octet-stream")


routes: list[BaseRoute] = [
    Route("/volumes/{site}/{scan}", volume),
    Route("/maps/{study}/{arm}/{site}/{scan}", mapped),
]
