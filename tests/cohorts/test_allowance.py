"""How much memory kept scans may take: what is set, or a share of what this job may use."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from elsewhere import memory
from elsewhere.cohorts import allowance as module
from elsewhere.cohorts.allowance import Allowance

GB = 10**9

pytestmark = pytest.mark.usefixtures("unlimited")


def test_half_of_what_the_job_may_use_is_for_scans(group):
    assert Allowance().limit == memory.usable() // 2
    group(2 * GB, GB)
    assert Allowance().limit == GB


def test_scans_are_kept_up_to_the_limit_that_is_set(monkeypatch, group):
    group(2, 2)  # nothing is free, but a size that is set is the user's
    monkeypatch.setenv(module.VARIABLE, "1.5e-7")
    allowance = Allowance()
    assert allowance.limit == 150
    assert [allowance.take(60) for _ in range(3)] == [True, True, False]
    assert (allowance.has_room(30), allowance.has_room(31)) == (True, False)
    monkeypatch.setenv(module.VARIABLE, "0")
    assert not Allowance().take(1)


@pytest.mark.parametrize("stated", ["much", "-1", "nan", "inf"])
def test_a_size_that_is_no_size_is_refused(monkeypatch, stated):
    monkeypatch.setenv(module.VARIABLE, stated)
    with pytest.raises(ValueError, match=f"{module.VARIABLE} is '{stated}', expected a number"):
        Allowance()


def test_a_quarter_stays_free(group, monkeypatch):
    """Other jobs of the machine took the rest meanwhile; when they end, there is room again."""
    group(4 * GB, 2 * GB)
    allowance = Allowance()
    piece = GB // 4
    taken = 0
    while allowance.take(piece):
        taken += piece
        group(4 * GB, 2 * GB + taken)
    assert memory.free() >= GB
    assert memory.free() - piece < GB
    assert allowance.used == taken < allowance.limit
    group(4 * GB, GB)
    assert not allowance.has_room(piece)  # so no scan is read whole only to be dropped again
    monkeypatch.setattr(allowance, "_closed_until", 0.0)  # later
    assert allowance.take(piece)


def test_threads_never_take_more_than_there_is():
    allowance = Allowance(1000)
    with ThreadPoolExecutor(8) as pool:
        granted = [*pool.map(allowance.take, [7] * 400)]
    assert sum(granted) == 1000 // 7
    assert allowance.used == 7 * (1000 // 7)
