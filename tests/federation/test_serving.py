"""The service waits, leaves out, lets in again, and says why it cannot go on."""

import json
import time

import numpy as np
import pytest
from numpy_federation import SITES

from elsewhere.federation import wire
from elsewhere.federation.serving import LEFT, ROUNDS, Patience, Service, left
from elsewhere.federation.wire import RefusedError

FOUR = (*SITES, "union")
QUICK = Patience(answer_s=0.05, pause_s=0.01, tries=2)


class Carrier:
    """Asks hospitals of this process; a plan says by round who is away, silent or wrong."""

    def __init__(self, one):
        self.one = one
        self.away = {}
        self.silent = {}
        self.change = lambda site, answer: answer

    def of(self, plan):
        return plan.get(self.one.adder.done + 1, set())

    def present(self):
        return frozenset(self.one.hospitals) - self.of(self.away)

    def ask(self, requests, *, patience):
        for site, request in requests.items():
            if site not in self.of(self.away) | self.of(self.silent):
                yield site, self.change(site, self.one.hospitals[site].answer(request))


@pytest.fixture
def served(federation):
    def make(name="one", **options):
        one = federation(sites=FOUR, name=name, **options)
        carrier = Carrier(one)
        return one, carrier, Service(one.adder.folder, one.adder, carrier, QUICK)

    return make


def rows(service):
    return [json.loads(line) for line in (service.folder / ROUNDS).read_text().splitlines()]


def members(service):
    return [tuple(row["members"] or ()) for row in rows(service)]


def test_rounds_are_noted(served):
    one, _, service = served(rounds=2)
    service.run()
    assert members(service) == [FOUR, FOUR]
    traffic = [(row["bytes_up"], row["bytes_down"]) for row in rows(service)]
    assert traffic == one.adder.traffic
    assert all(row["seconds"] > 0 and row["finished"] for row in rows(service))


@pytest.mark.parametrize("how", ["away", "silent"])
def test_who_does_not_answer_is_left_out_and_let_in_again(served, how):
    one, carrier, service = served(rounds=3)
    setattr(carrier, how, {2: {"optical"}})
    service.run()
    without = ("main", "sino", "union")
    assert members(service) == [FOUR, without, FOUR]
    planned, _, other = served("planned", rounds=3, absent={"optical": (2,)})
    other.run()
    assert np.array_equal(one.model(), planned.model())


def test_the_maker_of_keys_may_die(served):
    _, carrier, service = served(rounds=2)
    carrier.silent = {1: {"main"}}
    service.run()
    assert members(service) == [("optical", "sino", "union"), FOUR]


def test_it_waits_for_the_last_that_is_needed(served, caplog):
    _, carrier, service = served(rounds=1, min_sites=4)
    carrier.away, started = {1: {"sino"}}, time.monotonic()
    real = carrier.present

    def later():
        if time.monotonic() - started > 0.3:
            carrier.away = {}
        return real()

    carrier.present = later
    service.run()
    assert members(service) == [FOUR]
    assert "fewer than min_sites, 4; wait for it" in caplog.text


def test_a_refusal_is_heard_and_its_hospital_left_out(served, caplog):
    one, carrier, service = served(rounds=2)
    refused = wire.refused(b"", "sino trains with other settings")
    carrier.change = lambda site, answer: refused if site == "sino" else answer
    service.run()
    assert members(service) == [("main", "optical", "union")] * 2
    assert caplog.text.count("WARNING") == 3  # asked twice, then left out, and not let in again
    assert one.adder.away == ("sino",)


def test_a_hospital_that_refused_is_let_in_when_it_connects_anew(served):
    _, carrier, service = served(rounds=3)
    refused = wire.refused(b"", "sino is not ready")
    carrier.change = lambda site, answer: (
        refused if site == "sino" and not carrier.one.adder.done else answer
    )
    carrier.away = {2: {"sino"}}
    service.run()
    assert members(service) == [("main", "optical", "union")] * 2 + [FOUR]


def test_it_says_why_it_cannot_go_on(served):
    one, carrier, service = served(rounds=1, min_sites=4)
    refused = wire.refused(b"", "sino has another roster")
    carrier.change = lambda site, answer: refused if site == "sino" else answer
    with pytest.raises(RefusedError, match="sino: sino has another roster; without sino round 1"):
        service.run()
    one.start()
    carrier.change = lambda site, answer: answer
    Service(service.folder, one.adder, carrier, QUICK).run()  # mended: it goes on
    assert members(service) == [FOUR]


def test_damaged_answers_are_asked_again(served, caplog):
    one, carrier, service = served(rounds=1)
    damaged = iter([lambda answer: answer[:-5], lambda answer: b"", lambda answer: answer])
    carrier.change = lambda site, answer: (
        next(damaged, lambda whole: whole)(answer) if site == "union" else answer
    )
    Service(service.folder, one.adder, carrier, Patience(0.05, 0.01, tries=3)).run()
    assert members(service) == [FOUR]
    assert "union: its answer is refused: the message was cut or changed" in caplog.text


def test_who_has_left_is_not_asked(served):
    one, carrier, service = served(rounds=2)
    (service.folder / LEFT).parent.mkdir(parents=True, exist_ok=True)
    (service.folder / LEFT).write_text("# gone\noptical\n\n")
    carrier.change = lambda site, answer: answer if site != "optical" else b"it was asked"
    service.run()
    assert left(service.folder) == {"optical"}
    assert members(service) == [("main", "sino", "union")] * 2
    (service.folder / LEFT).write_text("optical\nsino\n")
    one.plan.__dict__["rounds"] = 3
    with pytest.raises(RefusedError, match="sino: it has left, says"):
        service.run()


def test_a_kill_before_the_last_answer_was_added_up(served):
    """All answers of a round are on the disk, but the sum is not: it is made and noted."""
    one, carrier, service = served(rounds=2)
    settle, adder = one.adder._settle, one.adder
    while len([*(service.folder / "uploads").glob("*.bin")]) < len(FOUR):
        adder._settle = lambda: None
        for site, request in adder.requests().items():
            adder.receive(site, one.hospitals[site].answer(request))
    adder._settle = settle
    one.start()
    assert one.adder.done == 0
    Service(service.folder, one.adder, carrier, QUICK).run()
    assert members(service) == [FOUR, FOUR]


def test_notes_are_mended_after_a_kill(served):
    """A kill may come between the end of a round and its note, or within the note."""
    one, carrier, service = served(rounds=3)
    service.run()
    path = service.folder / ROUNDS
    whole = path.read_text().splitlines(keepends=True)
    path.write_text(whole[0] + whole[1][:20])
    one.start()
    Service(service.folder, one.adder, carrier, QUICK).run()
    assert [row["round"] for row in rows(service)] == [1, 2, 3]
    assert path.read_text().startswith(whole[0])
    assert members(service) == [FOUR, (), FOUR]
    assert rows(service)[1]["bytes_up"] == one.adder.traffic[1][0]
