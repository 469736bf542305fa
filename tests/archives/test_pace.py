"""pace: turns are evenly spaced, pauses grow after failures, a stop ends every wait."""

import threading
import time

import pytest

from elsewhere.archives.pace import Pace, Stopped, Transient


def pace(**changes: float) -> Pace:
    values = {"per_second": 1000.0, "backoff_s": 0.01, "backoff_most_s": 0.04, "attempts": 4}
    return Pace(**{**values, **changes})  # type: ignore[arg-type]


def test_turns_are_spaced_whoever_takes_them() -> None:
    shared = pace(per_second=50)
    begun = time.monotonic()
    threads = [
        threading.Thread(target=lambda: [shared.wait_turn() for _ in range(4)]) for _ in range(3)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    # 12 turns have 11 gaps of 20 ms
    assert time.monotonic() - begun >= 11 / 50


def test_pauses_double_up_to_the_limit() -> None:
    waited = []

    class Watched(Pace):
        def wait(self, seconds: float) -> None:
            waited.append(seconds)

    watched = Watched(1, 1, 10, 9)
    for failures in range(1, 7):
        watched.back_off(failures)
    watched.back_off(1, asked_s=7)
    watched.back_off(1, asked_s=3600)
    assert waited == [1, 2, 4, 8, 10, 10, 7, 10]


def test_it_is_tried_as_often_as_said() -> None:
    calls = []

    def fail() -> None:
        calls.append(1)
        raise Transient(OSError("at last"))

    with pytest.raises(OSError, match="at last"):
        pace().retry(fail)
    assert len(calls) == 4


def test_progress_is_no_failure_in_a_row() -> None:
    outcomes = iter([True] * 9 + [False, False])

    def fail() -> str:
        progress = next(outcomes, None)
        if progress is None:
            return "done"
        raise Transient(OSError(), progress=progress)

    assert pace().retry(fail) == "done"


def test_a_stop_ends_a_wait() -> None:
    shared = pace(per_second=0.01)
    shared.wait_turn()
    threading.Timer(0.05, shared.stop.set).start()
    begun = time.monotonic()
    with pytest.raises(Stopped):
        shared.wait_turn()
    assert time.monotonic() - begun < 5
    with pytest.raises(Stopped):
        shared.wait(0)
