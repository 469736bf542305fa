"""The adder collects, adds and refuses; its state outlives it."""

import itertools

import numpy as np
import pytest
from numpy_federation import SITES

from elsewhere.federation import wire
from elsewhere.federation.in_process import run_round
from elsewhere.federation.wire import RefusedError


def keyed(federation):
    """Return a federation whose key epoch is made, and its requests."""
    (maker,) = federation.adder.requests()
    answer = federation.hospitals[maker].answer(federation.adder.requests()[maker])
    federation.adder.receive(maker, answer)
    return federation, federation.adder.requests()


def test_any_order_of_arrival_gives_the_same_sum(federation):
    models = []
    for number, order in enumerate(itertools.permutations(SITES)):
        one, requests = keyed(federation(rounds=1, name=f"f{number}"))
        for site in order:
            one.adder.receive(site, one.hospitals[site].answer(requests[site]))
        models.append(one.model())
    assert all(np.array_equal(models[0], model) for model in models)


def test_what_is_asked_again_is_the_same_request(federation):
    one, requests = keyed(federation())
    assert one.adder.requests() == requests
    one.start()
    assert one.adder.requests() == requests


def test_an_answer_counts_once_and_to_its_own_request_only(federation):
    one, requests = keyed(federation())
    answers = {site: one.hospitals[site].answer(requests[site]) for site in SITES}
    one.adder.receive("main", answers["main"])
    with pytest.raises(RefusedError, match="nothing is asked of main now"):
        one.adder.receive("main", answers["main"])
    with pytest.raises(RefusedError, match="to another request"):
        one.adder.receive("optical", answers["sino"])
    for site in ("optical", "sino"):
        one.adder.receive(site, answers[site])
    with pytest.raises(RefusedError, match="to another request"):
        one.adder.receive("main", answers["main"])


@pytest.mark.parametrize("encryption", ["none", "bfv"])
def test_a_cut_or_changed_ciphertext_is_refused_and_nothing_is_lost(federation, encryption):
    one = federation(rounds=1, encryption=encryption)
    if encryption == "bfv":
        keyed(one)
    requests = one.adder.requests()
    answer = one.hospitals["main"].answer(requests["main"])
    flipped = bytearray(answer)
    flipped[-9] ^= 1
    for damaged in (answer[:-1], answer[: len(answer) // 2], bytes(flipped), b"", b"x"):
        with pytest.raises(RefusedError):
            one.adder.receive("main", damaged)
    message = wire.decode(answer)
    sealed = message.parts[0]
    for part in (sealed[:-8], sealed[:-3], b"", bytes(800), bytes(801)):
        forged = wire.encode(wire.Message(message.header, (part,)))
        if encryption == "bfv" or len(part) % 8 or not part:
            with pytest.raises(RefusedError):
                one.adder.receive("main", forged)
    assert one.adder.requests() == requests
    one.run()


def test_a_context_with_the_secret_key_is_refused(federation):
    one = federation()
    ((maker, request),) = one.adder.requests().items()
    answer = wire.decode(one.hospitals[maker].answer(request))
    (key,) = (one.folder / maker / "epochs").glob("*.key")
    forged = wire.Message(answer.header, (key.read_bytes(), *answer.parts[1:]))
    with pytest.raises(RefusedError, match="holds the secret key"):
        one.adder.receive(maker, wire.encode(forged))


def test_networks_that_differ_are_not_added(federation):
    one, requests = keyed(federation(rounds=1))
    shorter = one.hospitals["sino"].trainer
    train = shorter.train
    one.hospitals["sino"].trainer.train = lambda *args, **more: _cut(train(*args, **more))
    answers = {site: one.hospitals[site].answer(requests[site]) for site in SITES}
    for site in ("main", "optical"):
        one.adder.receive(site, answers[site])
    with pytest.raises(RefusedError, match="their networks differ"):
        one.adder.receive("sino", answers["sino"])
    # the round is not stuck: all are asked again, and may answer with what fits
    assert one.adder.requests() == requests


def _cut(trained):
    return type(trained)(trained.weights[:-1], trained.count, trained.memory, trained.loss)


def test_a_hospital_that_does_not_answer_is_dropped_and_comes_back(federation):
    """The others are asked again, with a key that the absent one has not; then it joins again."""
    sites = (*SITES, "union")
    one, requests = keyed(federation(rounds=3, sites=sites))
    for site in ("main", "union"):
        one.adder.receive(site, one.hospitals[site].answer(requests[site]))
    one.adder.drop("optical")
    (maker,) = one.adder.requests()
    assert maker == "main"
    run_round(one.adder, one.hospitals)
    assert one.adder.readers() == ("main", "sino", "union")
    one.adder.back("optical")
    model = one.run()
    planned = federation(rounds=3, sites=sites, absent={"optical": (1,)}, name="planned")
    assert np.array_equal(model, planned.run())


def test_too_few_hospitals_are_not_summed(federation):
    one = federation(rounds=2, absent={"sino": (2,)})
    with pytest.raises(RefusedError, match="round 2 has 2 hospitals, fewer than min_sites, 3"):
        one.run()
    with pytest.raises(RefusedError, match="wait for it"):
        federation(name="other").adder.drop("main")


def test_nobody_can_hand_the_model_to_strangers(federation):
    one = federation(rounds=2, sites=("main", "sino"), absent={"sino": (1,), "main": (2,)},
                     min_sites=1)  # fmt: skip
    with pytest.raises(RefusedError, match="nobody can hand the model on"):
        one.run()


def test_no_piece_of_key_or_weight_is_on_the_servers_disk(federation):
    """With encryption; without, the same search finds the weights."""
    for encryption in ("bfv", "none"):
        one = federation(rounds=1, name=encryption, encryption=encryption, weighting="equal")
        one.run()
        known = b"".join(path.read_bytes() for path in one.folder.glob("server/**/*.bin"))
        known += (one.folder / "server/state.json").read_bytes()
        total = _total(one)
        assert (total.astype("<i8").tobytes()[:64] in known) == (encryption == "none")
        keys = {path.read_bytes() for path in one.folder.glob("*/epochs/*.key")}
        for key in keys:
            message = wire.decode(next(one.folder.glob("server/epochs/*.bin")).read_bytes())
            pieces = [key[at : at + 48] for at in range(0, len(key) - 48, 101)]
            secret = [piece for piece in pieces if piece not in message.parts[0]]
            assert len(secret) > 100
            assert not any(piece in known for piece in secret)
        assert len(keys) == (1 if encryption == "bfv" else 0)


def _total(one):
    hospital = one.hospitals["main"]
    message = wire.decode(one.adder.model_request("main"))
    return hospital._sum(message.header["epoch"], *message.parts)
