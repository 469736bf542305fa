"""A federation of real hospitals, carried within one process, ends with the bits of the graph's."""

import hashlib
import json
import multiprocessing
import os
import signal

import numpy as np
import pytest
import torch
from hospitals import MARK, SITES, InProcess
from safetensors.torch import load_file

from elsewhere.carriers import coordinator, settled
from elsewhere.carriers.local import LocalCohort
from elsewhere.cohorts import cohort
from elsewhere.cohorts.cohort import SiteFiles
from elsewhere.federation import wire
from elsewhere.federation.serving import ROUNDS
from elsewhere.federation.wire import MAGIC, Message, RefusedError
from elsewhere.methods.federated_run import FederatedRun
from elsewhere.methods.fit import Budget
from elsewhere.methods.interrupt import Interrupt


def model(federation, site="north"):
    return load_file(federation.home(site) / "export/model.safetensors")


def rounds(federation):
    return [json.loads(line) for line in (federation.server / ROUNDS).read_text().splitlines()]


def in_process(federation, folder):
    """The same run as the step `train` does it, with all cohorts in one place."""
    parts = {"train": {}, "validation": {}}
    for site in SITES:
        top = federation.project(site)
        data = top / f"data/inputs/tiny/{site}"
        split = top / f"results/three/splits/{site}.csv"
        files = SiteFiles(site, data / "index.parquet", data / "arrays", split)
        for part, by_site in parts.items():
            by_site[site] = cohort.load(files, fold=0, part=part)
    here = LocalCohort(settled.settled(federation.coordinator, federation.agreement), "north")
    here.scans = parts["train"]["north"]
    training = here.settings.training.of_run(3, scans=len(here.scans))
    budget = Budget(training, here.settings.input, 7, folder)
    row = here.settled.method
    run = FederatedRun(here.network, parts["train"], budget, row=row, interrupt=Interrupt())
    while not run.finished:
        run.round(parts["validation"])
    return run.network.state_dict()


def same(one, other):
    assert {*one} == {*other}
    return all(torch.equal(one[name], other[name]) for name in one)


def test_the_bits_are_those_of_one_process(finished, tmp_path):
    expected = in_process(finished, tmp_path)
    assert all(same(model(finished, site), expected) for site in SITES)


def test_layers_of_its_own_stay_at_each_hospital(federation, tmp_path):
    """FedBN: what is shared and a hospital's own layers are those of one process."""
    one = federation(batch_norm="local", encryption="none")
    one.serve(InProcess(one.members()))
    expected = in_process(one, tmp_path)
    for number, site in enumerate(SITES):
        found = model(one, site)
        assert {*found} == {*expected}
        others = [f".branches.{k}." for k in range(len(SITES)) if k != number]
        own = [name for name in found if not any(other in name for other in others)]
        assert any(f".branches.{number}." in name for name in own)
        assert all(torch.equal(found[name], expected[name]) for name in own)
        metrics = json.loads((one.home(site) / "finished/metrics.json").read_text())
        assert metrics["status"] == "ok"


def test_every_hospital_ends_with_model_scores_and_ledger(finished):
    for site in SITES:
        folder = finished.home(site) / "export"
        names = {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")}
        assert names == {
            "model.safetensors", "run.json", "agreement.json", "ledger.csv", "digests.json",
            *(f"scores/{name}.json" for name in SITES),
        }  # fmt: skip
        scores = json.loads((folder / "scores/south.json").read_text())
        assert scores["parts"][""]["status"] == "ok"
        assert 0 <= scores["parts"][""]["auc"] <= 1
    assert [row["members"] for row in rounds(finished)] == [[*SITES]] * 2


def test_no_key_of_a_scan_or_patient_leaves(finished):
    mark = MARK.encode()
    left = [path for site in SITES for path in (finished.home(site) / "outbox").rglob("*")]
    left += [path for site in SITES for path in (finished.home(site) / "export").rglob("*")]
    server = [*finished.server.rglob("*")]
    files = [path for path in left + server if path.is_file()]
    assert len(files) > 30
    assert not [path for path in files if mark in path.read_bytes()]
    home = (finished.home("north") / "finished/predictions.parquet").read_bytes()
    assert mark in home  # the search would find it


def test_no_piece_of_key_or_weight_is_in_the_servers_folder(finished):
    known = b"".join(p.read_bytes() for p in finished.server.rglob("*") if p.is_file())
    for tensor in model(finished).values():
        data = tensor.numpy().tobytes()
        assert len(data) < 64 or data[:64] not in known
    public = [
        wire.decode(path.read_bytes()).parts[0] for path in finished.server.glob("epochs/*.bin")
    ]
    keys = {path.read_bytes() for s in SITES for path in finished.home(s).glob("epochs/*.key")}
    assert len(keys) == len(public) == 1
    for key in keys:
        pieces = [key[at : at + 48] for at in range(0, len(key) - 48, 101)]
        secret = [piece for piece in pieces if piece not in public[0]]
        assert len(secret) > 100
        assert not any(piece in known for piece in secret)


def test_a_finished_federation_is_not_run_again(finished):
    carrier = InProcess(finished.members())
    carrier.away = {*SITES}
    carrier.look = lambda: pytest.fail("nobody is asked or waited for")
    before = (finished.server / "state.json").read_bytes()
    finished.serve(carrier)
    assert (finished.server / "state.json").read_bytes() == before


@pytest.mark.parametrize("encryption", ["none"])
def test_encryption_does_not_change_the_bits(federation, finished, encryption):
    plain = federation(encryption=encryption)
    plain.serve(InProcess(plain.members()))
    assert same(model(plain), model(finished))


def test_a_hospital_that_is_away_is_left_out_and_comes_back(federation):
    one = federation(rounds=4)
    carrier = InProcess(one.members())

    def come_and_go():
        done = one.adder().done
        carrier.away = {"south"} if done == 1 else set()

    carrier.look = come_and_go
    one.serve(carrier)
    members = [row["members"] for row in rounds(one)]
    assert members == [[*SITES], ["north", "west"], [*SITES], [*SITES]]
    planned = federation("planned", rounds=4, absent={"south": [2]})
    planned.serve(InProcess(planned.members()))
    assert same(model(one, "south"), model(planned))


def test_a_hospital_that_leaves_is_not_let_in_again(federation):
    one = federation(rounds=3)
    carrier = InProcess(one.members())

    def leaving():
        if one.adder().done == 1:
            coordinator.leave(one.server, "south")

    carrier.look = leaving
    one.serve(carrier)
    assert [row["members"] for row in rounds(one)] == [[*SITES]] + [["north", "west"]] * 2
    scores = json.loads((one.home("west") / "export/scores/south.json").read_text())
    assert scores == {"reason": "south was not in the last sum", "status": "not run"}
    assert not (one.home("south") / "export").exists()


@pytest.mark.parametrize("damage", ["cut", "replayed", "flipped"])
def test_a_damaged_answer_is_asked_again(federation, finished, caplog, damage):
    one = federation()
    carrier, first = InProcess(one.members()), {}

    def change(site, answer):
        if site != "west" or wire.decode(answer).header["kind"] != "round" or len(first) > 1:
            return answer
        first.setdefault("answer", answer)
        first[wire.decode(answer).header["request"]] = True
        flipped = answer[:-9] + bytes([answer[-9] ^ 1]) + answer[-8:]
        return {"cut": answer[:-100], "replayed": first["answer"], "flipped": flipped}[damage]

    def replay(site, answer):
        if site != "west" or wire.decode(answer).header["kind"] != "round":
            return answer
        old, first["answer"] = first.get("answer"), answer
        if old is None or first.get("sent"):
            return answer
        first["sent"] = True
        return old

    carrier.change = replay if damage == "replayed" else change
    one.serve(carrier)
    said = {"replayed": "west is to another request"}.get(damage, "cut or changed on its way")
    assert said in caplog.text
    assert same(model(one), model(finished))


JUNK = {
    "header": lambda answer: MAGIC + hashlib.sha256(b"").digest(),
    "no epoch": lambda answer: remade(answer, epoch=None),
    "long epoch": lambda answer: remade(answer, epoch="a" * 400),
    "reason": lambda answer: remade(answer, kind="refused"),
    "parts": lambda answer: wire.encode(Message(wire.decode(answer).header, ())),
    "nan": lambda answer: scored(answer, b'{"site": "west", "parts": {"": {"auc": NaN}}}'),
    "deep": lambda answer: scored(answer, b"[" * 100_000),
    "formula": lambda answer: scored(
        answer, b'{"site": "west", "parts": {"": {"status": "=HYPERLINK(1)"}}}'
    ),
    "names": lambda answer: scored(answer, b'{"../../x": {"status": "ok"}}'),
}


def remade(answer, **header):
    message = wire.decode(answer)
    return wire.encode(Message({**message.header, **header}, message.parts))


def scored(answer, text):
    message = wire.decode(answer)
    if message.header["kind"] != "scores":
        return answer
    return wire.encode(Message(message.header, (text,)))


@pytest.mark.parametrize("junk", JUNK)
def test_the_server_survives_what_a_hospital_makes_up(federation, junk):
    """It is left out, and the others finish."""
    one = federation(encryption="bfv" if "epoch" in junk else "none", rounds=1)
    maker = "north" if "epoch" in junk else "west"
    carrier = InProcess(one.members())
    carrier.change = lambda site, answer: JUNK[junk](answer) if site == maker else answer
    one.serve(carrier)
    others = [site for site in SITES if site != maker]
    assert all((one.home(site) / "export/digests.json").exists() for site in others)
    scores = json.loads((one.home("south") / f"export/scores/{maker}.json").read_text())
    assert scores["status"] == "not run"
    assert set(scores) == {"status", "reason"}


def test_a_hospital_with_other_settings_is_named(federation):
    one = federation(min_sites=3)
    top = one.project("south")
    path = top / "config/all.yaml"
    path.write_text(path.read_text().replace("learning_rate: 0.001", "learning_rate: 0.002"))
    with pytest.raises(RefusedError, match=r"south: .*settings of south are not.*: training of"):
        one.serve(InProcess(one.members()))


def test_a_hospital_with_other_settings_is_left_out_if_enough_are_there(federation, caplog):
    one = federation()
    path = one.project("south") / "config/all.yaml"
    path.write_text(path.read_text().replace("learning_rate: 0.001", "learning_rate: 0.002"))
    one.serve(InProcess(one.members()))
    assert [row["members"] for row in rounds(one)] == [["north", "west"]] * 2
    assert "settings of south are not those of the agreement: training" in caplog.text


def test_a_changed_roster_is_refused(federation):
    """The server may hand round another hospital's key as its own: nobody believes it."""
    one = federation(min_sites=3)
    path = one.home("south") / "roster.json"
    roster = json.loads(path.read_text())
    roster["north"] = roster["west"]
    path.write_text(json.dumps(roster))
    with pytest.raises(RefusedError, match="was not wrapped by north for south"):
        one.serve(InProcess(one.members()))


class Deadly(InProcess):
    """Kills its process, without a last word, after some answers."""

    def __init__(self, members, answers):
        super().__init__(members)
        self.answers = answers

    def ask(self, requests, *, patience):
        for pair in super().ask(requests, patience=patience):
            yield pair
            self.answers -= 1
            if not self.answers:
                os.kill(os.getpid(), signal.SIGKILL)


def test_killed_again_and_again_it_ends_with_the_same_bits(federation, finished):
    one = federation()
    codes = []
    for answers in (1, 2, 3, 2, 1, 99):
        carrier = Deadly(one.members(), answers)
        process = multiprocessing.get_context("fork").Process(target=one.serve, args=(carrier,))
        process.start()
        process.join()
        codes.append(process.exitcode)
    assert codes == [-signal.SIGKILL] * 5 + [0]
    assert same(model(one), model(finished))
    assert [row["round"] for row in rounds(one)] == [1, 2]


def test_one_server_a_folder(finished):
    with coordinator.locked(finished.server), pytest.raises(RefusedError, match="another server"):
        finished.serve(InProcess({}))


def test_nodes_are_those_of_the_cards(finished):
    nodes = coordinator.nodes(finished.server)
    assert [*nodes] == [*SITES]
    assert all(key.startswith("ecdsa-sha2-nistp384 ") for key in nodes.values())
    assert len({*nodes.values()}) == 3


def test_numbers_are_finite(finished):
    assert all(np.isfinite(value.numpy()).all() for value in model(finished).values())


def test_the_coordinator_needs_no_torch(loaded_by):
    names = ", ".join(
        f"elsewhere.carriers.{name}" for name in ("coordinator", "settled", "progress")
    )
    assert not loaded_by(f"import {names}") & {"torch", "pandas", "matplotlib"}
