import asyncio
import errno
import threading
from contextlib import asynccontextmanager

import pytest

from elsewhere.answers.answer import Answer, Refused, Wanted
from elsewhere.answers.process import Stopped
from elsewhere.design.serving import ServeRow
from elsewhere.pages import questions as module
from elsewhere.pages import scratch
from elsewhere.pages.questions import Full, Question, Questions

LIMITS = ServeRow()
GATHERED = {"return_exceptions": True}
NOTHING = Answer(
    study="s",
    study_title="",
    arm="a",
    arm_title="",
    scale="",
    trained_on=(),
    classes=(),
    exclusive=False,
    synthetic=True,
    site=None,
    worth=(),
    scans=(),
    unused=(),
    files=1,
    files_used=0,
    seconds=0.0,
)


def at_once(folder, wanted, **asked):
    """Answer what the order and the end of questions do not depend on."""
    (asked["work"] / "volume-1").write_text("voxels")
    return NOTHING


class Slow:
    """Answers when it is let go, or stops when it is told so."""

    def __init__(self):
        self.go, self.begun, self.order, self.stopped = threading.Event(), threading.Event(), [], 0

    def __call__(self, folder, wanted, *, stop, **asked):
        self.order.append((folder / "name").read_text())
        self.begun.set()
        while not self.go.wait(0.01):
            if stop.is_set():
                self.stopped += 1
                raise Stopped
        return NOTHING


@asynccontextmanager
async def kept(place, ask):
    with scratch.opened(place) as private:
        questions = Questions(private, ask)
        async with questions.kept():
            yield questions, private.folder


async def put(questions, name="", limits=LIMITS):
    async with questions.coming(limits) as folder:
        (folder / "raw" / "name").write_text(name)
        question = Question(Wanted("s", "a"), folder, limits)
        questions.add(question)
    return question


async def settled(*asked):
    while not all(one.settled for one in asked):
        await asyncio.sleep(0.01)


async def begun(ask):
    while not ask.begun.is_set():
        await asyncio.sleep(0.01)


def folders(place):
    return sorted(path.name for path in place.glob("answer-*"))


def test_an_answer_keeps_what_it_shows_and_not_the_files(tmp_path):
    async def check():
        async with kept(tmp_path, at_once) as (questions, place):
            question = await put(questions)
            await settled(question)
            assert question.answer == NOTHING
            assert [path.name for path in question.work.iterdir()] == ["volume-1"]
            assert not question.raw.exists()
            await questions.forget(question.key)
            assert questions.of(question.key) is None
            assert folders(place) == []

    asyncio.run(check())


def test_one_question_is_answered_at_a_time_in_their_order(tmp_path):
    async def check():
        ask = Slow()
        async with kept(tmp_path, ask) as (questions, _):
            asked = [await put(questions, str(n)) for n in range(3)]
            await begun(ask)
            assert [questions.before(one) for one in asked] == [0, 1, 2]
            assert [one.state for one in asked] == ["running", "waiting", "waiting"]
            ask.go.set()
            await settled(*asked)
            assert ask.order == ["0", "1", "2"]

    asyncio.run(check())


def test_forgetting_ends_what_runs_and_what_waits(tmp_path):
    async def check():
        ask = Slow()
        async with kept(tmp_path, ask) as (questions, place):
            running, waiting, other = [await put(questions, str(n)) for n in range(3)]
            await begun(ask)
            await questions.forget(waiting.key)
            await questions.forget(running.key)
            assert ask.stopped == 1
            assert folders(place) == [other.folder.name]
            ask.go.set()
            await settled(other)
            assert ask.order == ["0", "2"]

    asyncio.run(check())


def test_the_end_of_the_server_ends_all_and_leaves_nothing(tmp_path):
    async def check():
        ask = Slow()
        async with kept(tmp_path, ask) as (questions, _):
            for n in range(2):
                await put(questions, str(n))
            await begun(ask)
        assert ask.stopped == 1
        assert list(tmp_path.glob("server-*")) == []

    asyncio.run(check())


def failing(error):
    def ask(folder, wanted, **asked):
        raise error

    return ask


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Refused("this took longer than 600 seconds"), "this took longer than 600 seconds"),
        (ValueError("/data/Mustermann^Max.dcm"), module.FAILED),
        (MemoryError(), module.FAILED),
        (OSError(errno.ENOSPC, "/data/Mustermann^Max.dcm"), "disk is full"),
        (OSError(errno.EACCES, "/data/Mustermann^Max.dcm"), module.FAILED),
        (Stopped("x"), "taken back"),
    ],
)
def test_whatever_goes_wrong_becomes_a_sentence_without_names(tmp_path, caplog, error, said):
    async def check():
        async with kept(tmp_path, failing(error)) as (questions, _):
            question = await put(questions)
            await settled(question)
            assert question.state == "refused"
            assert said in question.sentence
            after = await put(questions)  # the next one has its turn
            await settled(after)

    asyncio.run(check())
    assert "Mustermann" not in caplog.text


def test_an_answer_is_forgotten_after_its_minutes(tmp_path):
    async def check():
        async with kept(tmp_path, at_once) as (questions, place):
            short = LIMITS.model_copy(update={"minutes_kept": 0})
            over, young = await put(questions, limits=short), await put(questions)
            await settled(over, young)
            await questions.expire()
            assert questions.of(over.key) is None
            assert questions.of(young.key) is young
            assert folders(place) == [young.folder.name]

    asyncio.run(check())


async def half(questions):
    async with questions.coming(LIMITS) as folder:
        (folder / "raw" / "1.part").write_text("half")
        raise ZeroDivisionError


def test_a_failed_upload_leaves_nothing(tmp_path):
    async def check():
        async with kept(tmp_path, at_once) as (questions, place):
            with pytest.raises(ZeroDivisionError):
                await half(questions)
            assert folders(place) == []

    asyncio.run(check())


def test_no_more_is_kept_than_there_is_room_for(tmp_path):
    async def check():
        async with kept(tmp_path, at_once) as (questions, _):
            small = LIMITS.model_copy(update={"unpacked_megabytes": 1})
            large = await put(questions, "x" * 2_100_000, small)
            await settled(large)
            (large.work / "volume-1").write_bytes(bytes(2_100_000))
            with pytest.raises(Full, match="forget one"):
                await put(questions, limits=small)
            await questions.forget(large.key)
            await put(questions, limits=small)
            full = LIMITS.model_copy(update={"unpacked_megabytes": 10**12})
            with pytest.raises(Full, match="disk"):
                await put(questions, limits=full)

    asyncio.run(check())


def test_a_number_of_questions_is_kept(tmp_path):
    async def check():
        async with kept(tmp_path, at_once) as (questions, _):
            for _ in range(module.MOST):
                await put(questions)
            with pytest.raises(Full, match="kept already"):
                await put(questions)

    asyncio.run(check())


def test_uploads_that_come_in_at_once_are_few(tmp_path):
    async def check():
        async with kept(tmp_path, at_once) as (questions, _):
            async with questions.coming(LIMITS), questions.coming(LIMITS):
                with pytest.raises(Full, match="coming in"):
                    await put(questions)
            await put(questions)

    asyncio.run(check())


def test_uploads_that_begin_at_the_same_moment_are_few_and_fill_no_room_twice(tmp_path):
    async def check():
        async with kept(tmp_path, at_once) as (questions, _):
            together = 2 * module.UPLOADS + 1
            came = await asyncio.gather(*(put(questions) for _ in range(together)), **GATHERED)
            assert [type(one) for one in came].count(Question) == module.UPLOADS
            assert all(isinstance(one, Question | Full) for one in came)
            for _ in range(module.MOST - module.UPLOADS - 1):
                await put(questions)
            came = await asyncio.gather(*(put(questions) for _ in range(together)), **GATHERED)
            assert [type(one) for one in came].count(Question) == 1

    asyncio.run(check())


def test_keys_cannot_be_guessed(tmp_path):
    keys = {Question(Wanted("s", "a"), tmp_path, LIMITS).key for _ in range(100)}
    assert len(keys) == 100
    assert min(map(len, keys)) >= 22  # 128 bits in base 64
