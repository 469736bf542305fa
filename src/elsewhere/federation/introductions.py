"""introductions: the cards by which hospitals of a federation make their public keys known.

A card is a small file that a hospital sends to the coordinator and to every other hospital. It is
believed once its fingerprint was compared between people, by telephone.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from elsewhere.federation import wire
from elsewhere.federation.certificates import new_node
from elsewhere.federation.disk import write
from elsewhere.federation.roster import ROSTER_FILE, new_identity, write_roster
from elsewhere.federation.wire import RefusedError

CARDS = "cards"
_FIELDS = {"site", "agreement", "key", "node"}


@dataclass(frozen=True)
class Card:
    """The public keys of a hospital.

    Attributes
    ----------
    site
        Its name in the agreement.
    agreement
        Digest of the agreement that it has read.
    key
        X25519 key of the roster, for the other hospitals.
    node
        Key of its connection in OpenSSH's format, for the coordinator.
    """

    site: str
    agreement: str
    key: str
    node: str

    @property
    def fingerprint(self) -> str:
        """Digest of the card in groups of four digits, to be read out by telephone."""
        return wire.fingerprint(json.dumps(asdict(self), sort_keys=True).encode())


def introduce(folder: Path, site: str, *, agreement: str) -> Card:
    """Make the keys of a hospital, unless it has them; return its card, and keep it in `CARDS`."""
    card = Card(site, agreement, new_identity(folder), new_node(folder))
    text = json.dumps(asdict(card), indent=2, sort_keys=True)
    write(folder / CARDS / f"{site}.json", f"{text}\n".encode())
    return card


def cards(folder: Path, sites: tuple[str, ...], *, agreement: str) -> dict[str, Card]:
    """Return the cards in a folder, by hospital; those that have not come are missing.

    Raises
    ------
    RefusedError
        If a card is damaged, of a hospital that is no member, or of another agreement.
    """
    found: dict[str, Card] = {}
    for path in sorted((folder / CARDS).glob("*.json")):
        card = _read(path)
        if card.site not in sites:
            raise RefusedError(f"{path} is of '{card.site}', which is none of {', '.join(sites)}")
        if card.site in found:
            raise RefusedError(f"{path} is a second card of {card.site}: keep the right one")
        if card.agreement != agreement:
            raise RefusedError(
                f"{path}: {card.site} has read another agreement; send it the present one, and "
                "ask for a new card"
            )
        found[card.site] = card
    return found


def meet(folder: Path, site: str, *, cards: dict[str, Card]) -> None:
    """Write a hospital's roster from the cards, or check that they are those that it knows.

    Raises
    ------
    RefusedError
        If a card gives another key than the roster: a key is never exchanged in silence.
    """
    public = {name: card.key for name, card in cards.items()}
    path = folder / ROSTER_FILE
    known: dict[str, str] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    for name, key in known.items():
        if public.setdefault(name, key) != key:
            raise RefusedError(
                f"the card of {name} has another key than the roster of {site}: compare its "
                f"fingerprint by telephone; if it is right, remove '{name}' from {path}"
            )
    write_roster(public, folder)


def _read(path: Path) -> Card:
    try:
        values = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise RefusedError(f"{path} is no card: {error}") from error
    if not isinstance(values, dict) or set(values) != _FIELDS:
        raise RefusedError(f"{path} is no card: expected the fields {', '.join(sorted(_FIELDS))}")
    if not all(isinstance(value, str) for value in values.values()):
        raise RefusedError(f"{path} is no card: every field is text")
    return Card(**values)
