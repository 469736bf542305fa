"""questions: what people asked a model: answered one after the other, kept for minutes, forgotten.

All of it lives in memory and in the server's private folder. A closed browser does not end a
question; forgetting it does, also while it is computed.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
import time
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol

from elsewhere.answers.answer import Answer, Refused, Wanted
from elsewhere.answers.process import FULL_DISK, Stopped, is_full
from elsewhere.answers.unpacked import MB
from elsewhere.design.serving import ServeRow
from elsewhere.pages import scratch
from elsewhere.pages.scratch import Scratch

MOST = 12  # questions that are kept at once
UPLOADS = 2  # that come in at once
_TOGETHER = 3  # times what one question may hold, that all may
_EVERY_S = 2.0
_SWEEP_S = 60.0
FAILED = (
    "the program failed at this question; the terminal of the server says where, please report it"
)
State = Literal["waiting", "running", "answered", "refused"]
logger = logging.getLogger(__name__)


class Full(Refused):
    """The server holds as many questions as it may."""


class Asked(Protocol):
    """What answers a question; `elsewhere.answers.asking.ask`."""

    def __call__(
        self,
        folder: Path,
        wanted: Wanted,
        *,
        work: Path,
        limits: ServeRow,
        stop: threading.Event | None = None,
    ) -> Answer:
        """Return the answer, or raise `Refused`."""


@dataclass(eq=False)
class Question:
    """One question.

    Attributes
    ----------
    wanted
        Whose models are asked.
    folder
        Private; `raw` holds the files until they are read, `work` what the answer shows.
    key
        Nobody can guess it; the address of the answer.
    state
        Where it stands.
    answer, sentence
        What came of it.
    until
        When it is forgotten, local time; None while it is not answered.
    """

    wanted: Wanted
    folder: Path
    limits: ServeRow
    key: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    state: State = "waiting"
    answer: Answer | None = None
    sentence: str = ""
    until: datetime | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _end: float = float("inf")
    _task: asyncio.Task[None] | None = None

    @property
    def raw(self) -> Path:
        """Where the files that were sent lie."""
        return self.folder / "raw"

    @property
    def work(self) -> Path:
        """Where the answer's volumes and maps lie."""
        return self.folder / "work"

    @property
    def settled(self) -> bool:
        """Whether it is answered or refused."""
        return self.state in ("answered", "refused")


class Questions:
    """The questions of one server.

    Parameters
    ----------
    private
        Where their files lie.
    ask
        What answers them.
    """

    def __init__(self, private: Scratch, ask: Asked) -> None:
        self._scratch, self._ask = private, ask
        self._kept: dict[str, Question] = {}
        self._one = asyncio.Semaphore(1)
        self._coming = 0

    @asynccontextmanager
    async def coming(self, limits: ServeRow) -> AsyncIterator[Path]:
        """Yield a private folder for the files of a question; it is removed after an error.

        Raises
        ------
        Full
            If too many questions, or too many bytes, are kept already.
        """
        self._check_number()
        self._coming += 1  # before anything is awaited: others may come at the same moment
        try:
            await asyncio.to_thread(self._check_bytes, limits)
            async with self._folder() as folder:
                yield folder
        finally:
            self._coming -= 1

    def add(self, question: Question) -> None:
        """Keep a question and answer it when those before it are answered."""
        self._kept[question.key] = question
        question._task = asyncio.create_task(self._answer(question))

    def of(self, key: str) -> Question | None:
        """Return the question of a key; None if there is none, or it was forgotten."""
        return self._kept.get(key)

    def before(self, question: Question) -> int:
        """Return how many questions are answered before this one."""
        waiting = [one for one in self._kept.values() if not one.settled]
        return waiting.index(question) if question in waiting else 0

    async def forget(self, key: str) -> None:
        """Forget a question and all its files, and end what is computed for it."""
        question = self._kept.pop(key, None)
        if question is None:
            return
        question._stop.set()
        if question._task is not None:
            if question.state == "waiting":
                question._task.cancel()
            await asyncio.wait({question._task})
        await asyncio.to_thread(scratch.remove, question.folder)

    async def expire(self) -> None:
        """Forget what was kept long enough."""
        now = time.monotonic()
        for key in [one.key for one in self._kept.values() if one._end <= now]:
            await self.forget(key)

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Forget questions in time while the server runs, and all of them at its end."""
        task = asyncio.create_task(self._clean())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(*(self.forget(key) for key in list(self._kept)))

    @asynccontextmanager
    async def _folder(self) -> AsyncIterator[Path]:
        """Yield a new folder for a question; it is removed after an error."""
        folder = self._scratch.make()
        try:
            for name in ("raw", "work"):
                (folder / name).mkdir(mode=0o700)
            yield folder
        except BaseException:
            await asyncio.shield(asyncio.to_thread(scratch.remove, folder))
            raise

    def _check_number(self) -> None:
        if self._coming >= UPLOADS:
            raise Full("other files are coming in; send yours when they are there")
        if len(self._kept) + self._coming >= MOST:
            raise Full(f"{MOST} questions are kept already; forget one, or wait some minutes")

    def _check_bytes(self, limits: ServeRow) -> None:
        largest = limits.unpacked_megabytes * MB
        if self._scratch.held() > (_TOGETHER - 1) * largest:
            raise Full("the answers that are kept hold much; forget one, or wait some minutes")
        if self._scratch.free() < largest:
            raise Full("the disk of the server is nearly full; make room and send the files again")

    async def _answer(self, question: Question) -> None:
        """Answer one question; whatever goes wrong becomes a sentence."""
        try:
            async with self._one:
                question.state = "running"
                question.answer = await asyncio.to_thread(self._put, question)
        except Refused as error:
            question.sentence = str(error)
        except Stopped:
            question.sentence = "the question was taken back"
        except Exception as error:  # its text may hold a name
            question.sentence = FULL_DISK if is_full(error) else FAILED
            place = traceback.extract_tb(error.__traceback__)[-1]
            # a process that failed says itself where, see `answers.process`
            kind = str(error) if type(error) is RuntimeError else type(error).__name__
            logger.error("a question failed: %s in %s, line %d", kind, place.name, place.lineno)
        await asyncio.to_thread(scratch.remove, question.raw)
        kept = timedelta(minutes=question.limits.minutes_kept)
        question.until = datetime.now() + kept
        question._end = time.monotonic() + kept.total_seconds()
        question.state = "refused" if question.answer is None else "answered"

    def _put(self, question: Question) -> Answer:
        return self._ask(
            question.raw,
            question.wanted,
            work=question.work,
            limits=question.limits,
            stop=question._stop,
        )

    async def _clean(self) -> None:
        swept = time.monotonic()
        while True:
            await asyncio.sleep(_EVERY_S)
            with suppress(OSError):
                await self.expire()
                if time.monotonic() - swept > _SWEEP_S:
                    swept = time.monotonic()
                    await asyncio.to_thread(scratch.sweep, self._scratch.folder.parent)
