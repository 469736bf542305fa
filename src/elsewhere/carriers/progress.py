"""progress: how far a federation is, by what lies in a coordinator's or a hospital's folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from elsewhere.carriers import coordinator, membership
from elsewhere.federation import agreement as agreements
from elsewhere.federation import introductions
from elsewhere.federation.adder import Adder
from elsewhere.federation.agreement import Agreement
from elsewhere.federation.serving import ROUNDS, left


def lines(folder: Path) -> Iterator[str]:
    """Yield the lines of `elsewhere federation status`.

    Raises
    ------
    RefusedError
        If there is no agreement in the folder.
    """
    agreement = Agreement.read(folder / agreements.FILE)
    yield f"agreement {agreement.digest[:16]}: arm {agreement.arm} of study {agreement.study}"
    cards = introductions.cards(folder, agreement.sites, agreement=agreement.digest)
    for site in agreement.sites:
        yield f"  {site}: {cards[site].fingerprint if site in cards else 'no card yet'}"
    if (folder / membership.HOME).exists():
        yield from _of_hospital(folder)
    else:
        yield from _of_server(folder, agreement)


def _of_server(folder: Path, agreement: Agreement) -> Iterator[str]:
    adder = Adder(folder, agreement.plan(), terms=agreement.terms())
    yield f"{adder.done} of {agreement.rounds} rounds are finished"
    path = folder / ROUNDS
    for text in path.read_text("utf-8").splitlines()[-5:] if path.exists() else []:
        row = json.loads(text)
        members = ", ".join(row["members"] or ["not known"])
        megabytes = (row["bytes_up"] + row["bytes_down"]) / 1e6
        yield f"  round {row['round']}: {members}; {megabytes:.1f} MB; {row['finished'] or '-'}"
    gone = left(folder)
    if gone:
        yield f"left: {', '.join(sorted(gone))}"
    if away := set(adder.away) - gone:
        yield f"away: {', '.join(sorted(away))}"
    for site in agreement.sites:
        scores = folder / coordinator.SCORES / f"{site}.json"
        if scores.exists():
            found = json.loads(scores.read_text("utf-8"))
            yield f"scores of {site}: {found.get('reason') or 'received'}"


def _of_hospital(folder: Path) -> Iterator[str]:
    member = membership.opened(folder)
    yield f"this is {member.site}" + (", which has left" if member.has_left else "")
    yield f"what has left it, in {member.outbox.folder}:"
    for entry in member.outbox.entries():
        about = f"round {entry.round}" if entry.round else ""
        yield f"  {entry.time} {entry.kind} {about} {entry.bytes} bytes {entry.text}".rstrip()
    if member.finished:
        yield f"the federation is finished: {folder / membership.EXPORT}"
