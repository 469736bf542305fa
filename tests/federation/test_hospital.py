"""A hospital gives the same answer to the same request, and refuses what it did not agree to."""

import itertools
import json

import numpy as np
import pytest
from numpy_federation import COUNTS, SITES, literal

from elsewhere import files
from elsewhere.federation import hospital as hospitals
from elsewhere.federation import wire
from elsewhere.federation.ciphers import Bfv
from elsewhere.federation.fixed_point import MODULUS
from elsewhere.federation.in_process import run_round
from elsewhere.federation.terms import Plan
from elsewhere.federation.wire import Message, RefusedError


@pytest.mark.parametrize(
    ("weighting", "absent"),
    [
        ("equal", {}),
        ("scans", {}),
        ("scans", {"optical": (3, 4)}),
        ("equal", {"union": (1, 2)}),
        ("scans", {"main": (2,)}),
    ],
)
def test_encrypted_or_not_the_bits_are_those_of_federated_averaging(federation, weighting, absent):
    """C-18, C-21: `none` equals `bfv` bit for bit; both equal the literal loop within 1e-6."""
    sites, plan = (*SITES, "union"), Plan((*SITES, "union"), 5, absent)
    models = [
        federation(
            rounds=5, sites=sites, absent=absent, name=encryption,
            encryption=encryption, weighting=weighting,
        ).run()
        for encryption in ("none", "bfv")
    ]  # fmt: skip
    assert np.array_equal(models[0], models[1])
    expected = literal(plan, equal=weighting == "equal")
    assert np.abs(models[0] - expected).max() < 1e-6


def test_the_same_request_gets_the_same_bytes(federation):
    one = federation(rounds=2)
    for _ in range(2):
        for site, request in one.adder.requests().items():
            answer = one.hospitals[site].answer(request)
            assert one.hospitals[site].answer(request) == answer
            one.start()
            assert one.hospitals[site].answer(request) == answer
            assert one.hospitals[site].trainer.trainings == 0
            one.adder.receive(site, answer)


class KilledError(BaseException):
    """Stands for kill -9: no handler of the code sees it."""


def test_killed_at_any_write_and_started_again_the_bits_are_the_same(federation, monkeypatch):
    """Hospital or adder: each file that they write is the last once, whole or not begun."""
    expected = federation(rounds=2, encryption="none").run()
    replace = files.os.replace
    one = federation(rounds=2, name="killed")
    for deadly in range(100):
        written = itertools.count()

        def kill(*paths, last=1 + deadly % 4, written=written):
            """Die at the second, third, fourth or fifth write of this life."""
            if next(written) == last:
                raise KilledError
            replace(*paths)

        monkeypatch.setattr(files.os, "replace", kill)
        one.start()
        try:
            model = one.run()
        except KilledError:
            continue
        break
    assert deadly > 5
    assert np.array_equal(model, expected)


def test_a_hospital_that_is_away_cannot_read_what_happens_without_it(federation):
    """C-18: a new key when one leaves, and a new one when it is back."""
    sites = (*SITES, "union")
    one = federation(rounds=3, sites=sites, absent={"union": (2,)})
    run_round(one.adder, one.hospitals)
    run_round(one.adder, one.hospitals)
    keys = {site: {path.name for path in one.folder.glob(f"{site}/epochs/*")} for site in sites}
    assert len(keys["main"]) == 2
    assert len(keys["union"]) == 1
    state = json.loads((one.folder / "server/state.json").read_text())
    sealed = (one.folder / "server" / state["sum"]).read_bytes()
    (old,) = one.folder.glob("union/epochs/*")
    assert not np.array_equal(
        Bfv(old.read_bytes()).open(sealed)[-1], sum(COUNTS[site] for site in SITES)
    )
    with pytest.raises(RefusedError, match="do not hold union once"):
        one.hospitals["union"].model(one.adder.model_request("main"))
    run_round(one.adder, one.hospitals)
    assert len([*one.folder.glob("union/epochs/*")]) == 2


def test_momentum_stays_at_home_over_an_absence(federation):
    """The literal loop keeps it, too; here by what is on the disk."""
    one = federation(rounds=4, sites=(*SITES, "union"), absent={"union": (2, 3)})
    one.run()
    assert one.hospitals["union"].rounds.numbers() == [1, 4]


def test_another_hospitals_ciphertext_is_noise_also_for_who_has_the_key(federation):
    """The pairwise masks: a server that hands it on to a member gives nothing away."""
    one = federation(rounds=1)
    (maker,) = one.adder.requests()
    one.adder.receive(maker, one.hospitals[maker].answer(one.adder.requests()[maker]))
    requests = one.adder.requests()
    answers = {site: wire.decode(one.hospitals[site].answer(requests[site])) for site in SITES}
    (key,) = one.folder.glob("main/epochs/*.key")
    read = Bfv(key.read_bytes()).open(answers["sino"].parts[0])[:-1]
    trained = one.hospitals["sino"].rounds.read(1)[0]
    scaled = np.rint(trained.weights.astype(np.float64) * trained.count * 2.0**20)
    signed = np.where(read > MODULUS // 2, read - MODULUS, read)
    assert abs(np.corrcoef(signed, scaled)[0, 1]) < 0.25
    # uniform over the range: a tenth of it holds a tenth of the values
    shares = np.histogram(read, bins=10, range=(0, MODULUS))[0] / len(read)
    assert np.abs(shares - 0.1).max() < 0.07


def ask(federation, change, parts=None):
    """Send `main` a request of the round with changed fields."""
    one = federation(rounds=1, encryption="none")
    message = wire.decode(one.adder.requests()["main"])
    asked = Message({**message.header, **change}, parts or message.parts)
    return one.hospitals["main"].answer(wire.encode(asked))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"terms": "cd"}, "input, network, method or budget differ"),
        ({"members": ["main", "optical"]}, "takes part in sums of 3 or more"),
        ({"members": ["optical", "sino", "union"]}, "do not hold main once"),
        ({"members": ["main", "main", "main"]}, "do not hold main once"),
        ({"round": 2}, "brings no sum to start from"),
        ({"kind": "weights"}, "expected 'key' or 'round'"),
    ],
)
def test_what_a_hospital_did_not_agree_to_is_refused(federation, change, sentence):
    with pytest.raises(RefusedError, match=sentence):
        ask(federation, change)


def test_no_key_for_a_hospital_that_was_not_met(federation):
    one = federation(rounds=1)
    ((maker, request),) = one.adder.requests().items()
    message = wire.decode(request)
    members = [*message.header["members"], "mallory"]
    with pytest.raises(RefusedError, match="mallory is not in the roster of main"):
        one.hospitals[maker].answer(wire.encode(Message({**message.header, "members": members})))


def test_a_key_is_for_its_members_alone(federation):
    """A server that tells a hospital of other members than the key's maker is found out."""
    one = federation(rounds=1, sites=(*SITES, "union"))
    ((maker, request),) = one.adder.requests().items()
    one.adder.receive(maker, one.hospitals[maker].answer(request))
    message = wire.decode(one.adder.requests()["sino"])
    fewer = [name for name in message.header["members"] if name != "union"]
    epoch = {**message.header["epoch"], "members": fewer}
    forged = Message({**message.header, "members": fewer, "epoch": epoch}, message.parts)
    with pytest.raises(RefusedError, match="roster, maker or members differ"):
        one.hospitals["sino"].answer(wire.encode(forged))


def test_an_old_round_is_not_trained_again(federation):
    one = federation(rounds=3, encryption="none")
    first = wire.decode(one.adder.requests()["main"])
    one.run()
    again = Message({**first.header, "attempt": 9}, first.parts)
    with pytest.raises(RefusedError, match="round 1 is over"):
        one.hospitals["main"].answer(wire.encode(again))


@pytest.mark.parametrize("weighting", ["scans", "equal"])
def test_a_hospitals_own_weights_are_not_taken_for_the_sum(federation, weighting):
    """A server that feeds one hospital's ciphertext back as if it were the sum of all."""
    one = federation(rounds=2, encryption="none", weighting=weighting)
    answers = {}
    for site, request in one.adder.requests().items():
        answers[site] = one.hospitals[site].answer(request)
        one.adder.receive(site, answers[site])
    message = wire.decode(one.adder.requests()["main"])
    own = wire.decode(answers["main"]).parts[0]
    with pytest.raises(RefusedError, match="it is not"):
        one.hospitals["main"].answer(wire.encode(Message(message.header, (b"", own))))


def test_only_the_last_rounds_stay_on_the_disk(federation):
    one = federation(rounds=6)
    one.run()
    assert len([*one.folder.glob("main/rounds/*")]) == hospitals.ANSWERS_KEPT
    assert len([*one.folder.glob("main/answers/*")]) <= 3
    assert len([*one.folder.glob("server/sums/*")]) == 1
    assert not [*one.folder.glob("server/uploads/*")]
