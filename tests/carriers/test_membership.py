"""A hospital answers what was agreed, refuses the rest, and writes both down."""

import json
import shutil
from pathlib import Path

import pytest
from hospitals import MARK, SITES, InProcess

from elsewhere.carriers import membership
from elsewhere.federation import wire
from elsewhere.federation.wire import Message, RefusedError


def refusal(member, request):
    return wire.decode(member.answer(request)).refusal


@pytest.fixture
def asked(federation):
    """Return a federation before its first round, and the request for its first key."""
    one = federation()
    ((site, request),) = one.adder().requests().items()
    assert site == "north"
    return one, request


def changed(request, **header):
    message = wire.decode(request)
    return wire.encode(Message({**message.header, **header}, message.parts))


def test_it_is_opened_without_torch(finished, loaded_by):
    home = finished.home("north")
    modules = loaded_by(f"""
from pathlib import Path
from elsewhere.carriers import membership
member = membership.opened(Path({str(home)!r}))
assert member.site == "north" and member.finished
""")
    assert not modules & {"torch", "pandas", "matplotlib"}


def test_the_same_request_gets_the_same_bytes_from_a_new_process(asked):
    one, request = asked
    assert one.members()["north"].answer(request) == one.members()["north"].answer(request)


@pytest.mark.parametrize(
    ("header", "text"),
    [({"terms": "00"}, "other terms than the server"),
     ({"members": ["north"]}, "takes part in sums of 2 or more"),
     ({"members": ["south", "west"]}, "do not hold north once"),
     ({"members": ["north", "stranger"]}, "stranger is not in the roster of north"),
     ({"kind": "weights"}, "asked for 'weights', which no hospital answers")],
)  # fmt: skip
def test_what_is_against_the_agreement_is_refused(asked, header, text):
    one, request = asked
    if header.get("kind"):
        header = {**header, "terms": one.agreement.digest}
    reason = refusal(one.members()["north"], changed(request, **header))
    assert text in reason
    entries = one.members()["north"].outbox.entries()
    assert [(entry.kind, entry.text) for entry in entries] == [("refused", reason)]


@pytest.mark.parametrize("number", [-1, 0, 3, 10**9, 1.5, "1", None, True])
def test_rounds_beyond_the_agreement_are_not_trained(asked, number):
    one, request = asked
    reason = refusal(one.members()["north"], changed(request, kind="round", round=number))
    assert "trains in the rounds 1 to 2 of the agreement" in reason
    assert not (one.home("north") / "rounds").exists()


def test_no_model_is_scored_before_the_last_round_was_trained(asked):
    """The server says which round it is, and can encrypt what it likes with the public key."""
    one, request = asked
    member = one.members()["north"]
    one.adder().receive("north", member.answer(request))
    forged = changed(one.adder().requests()["north"], kind="model", round=3, summed=[*SITES])
    assert "trained in the last round only" in refusal(member, forged)
    assert not (one.home("north") / "finished").exists()


def test_a_request_cannot_forge_a_line_of_the_log(asked, caplog):
    one, request = asked
    text = "x\n12:00:00 elsewhere: all is well\x1b[2J"
    header = {"kind": text, "terms": one.agreement.digest, "members": text}
    for names in (["kind"], ["members"]):
        part = {name: header[name] for name in [*names, "terms"]}
        reason = refusal(one.members()["north"], changed(request, **part))
        assert reason.isprintable()
    assert not [entry for entry in caplog.records if "\n" in entry.getMessage()]


@pytest.mark.parametrize("request_", [b"", b"junk", None])
def test_damaged_requests_are_refused(asked, request_):
    one, request = asked
    damaged = request[:-7] if request_ is None else request_
    assert "message" in refusal(one.members()["north"], damaged)


def test_what_was_not_foreseen_says_no_more_than_its_type(asked, caplog):
    one, _ = asked
    member = one.members()["north"]
    request = wire.encode(Message({"kind": "round", "round": 1}))
    assert refusal(member, request) == "north cannot answer: KeyError; its own log says more"
    assert "Traceback" in caplog.text


def test_no_path_of_the_hospital_is_told(asked):
    one, request = asked
    (one.home("north") / "roster.json").unlink()
    reason = refusal(one.members()["north"], request)
    assert reason == "roster.json is missing: exchange public keys with the other hospitals"
    assert MARK not in reason


def test_data_that_are_missing_are_named_without_their_path(federation, caplog):
    one = federation(min_sites=3)
    shutil.rmtree(one.project("west") / "data")
    with pytest.raises(RefusedError, match="west has no index of its scans"):
        one.serve(InProcess(one.members()))
    text = (one.home("west") / "outbox/ledger.csv").read_text()
    assert "no index" in text
    assert MARK not in text


def test_scores_are_given_of_one_model_and_at_the_end_only(finished):
    member, adder = finished.members()["north"], finished.adder()
    request = adder.model_request("north")
    before = (finished.home("north") / "finished/metrics.json").stat().st_mtime_ns
    first, again = member.answer(request), member.answer(request)
    assert first == again
    assert (finished.home("north") / "finished/metrics.json").stat().st_mtime_ns == before
    early = refusal(member, changed(request, round=2))
    assert "gives scores after round 2 only" in early
    other = refusal(member, changed(request, attempt=9))
    assert "scores of another model already" in other


def test_who_has_left_answers_no_more(asked):
    one, request = asked
    membership.leave(one.home("north"))
    assert refusal(one.members()["north"], request) == "north has left the federation"


def test_a_folder_is_of_one_hospital_and_one_agreement(asked):
    one, _ = asked
    home, project = one.home("north"), one.project("north")
    again = membership.prepare(home, "north", agreement=one.agreement, project=project)
    assert again == membership.meet(home)["north"]
    moved = one.agreement.model_copy(update={"host": "10.0.0.9"})
    membership.prepare(home, "north", agreement=moved, project=project)
    assert membership.opened(home).agreement.host == "10.0.0.9"
    other = one.agreement.model_copy(update={"rounds": 9})
    for site, agreed, text in (
        ("north", other, "of another agreement"),
        ("south", one.agreement, "is of north, not of south"),
        ("east", one.agreement, "none of the members: north, south, west"),
    ):
        with pytest.raises(RefusedError, match=text):
            membership.prepare(home, site, agreement=agreed, project=project)
    with pytest.raises(RefusedError, match="elsewhere federation key"):
        membership.opened(Path(project))


def test_keys_are_not_made_for_settings_that_differ(asked, tmp_path):
    one, _ = asked
    digests = {**one.agreement.digests, "network": "00"}
    agreed = one.agreement.model_copy(update={"digests": digests})
    with pytest.raises(RefusedError, match="agreement: network of study three"):
        membership.prepare(tmp_path / "x", "north", agreement=agreed, project=one.project("north"))
    assert not (tmp_path / "x").exists()  # the right agreement may come into this folder yet


def test_a_missing_card_is_named(asked):
    one, _ = asked
    (one.home("north") / "cards/west.json").unlink()
    with pytest.raises(RefusedError, match="has no card of west"):
        membership.meet(one.home("north"))


def test_the_ledger_lists_all_that_was_carried(finished):
    for site in SITES:
        entries = finished.members()[site].outbox.entries()
        kinds = [entry.kind for entry in entries]
        assert [kind for kind in kinds if kind != "refused"][:4] == (
            ["key", "round", "round", "scores"]
            if site == "north"
            else ["round", "round", "scores", "received"]
        )
        home = finished.home(site) / "outbox"
        sizes = {path.stem: str(path.stat().st_size) for path in home.glob("*.bin")}
        by_digest = {entry.sha256[:16]: entry.bytes for entry in entries}
        assert sizes
        assert all(by_digest[name] == size for name, size in sizes.items())
        scores = json.loads((home / "scores.json").read_text())
        assert scores["computed"] == "at the site"
