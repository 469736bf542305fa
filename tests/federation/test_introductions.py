"""Cards carry public keys; a key that changes is never taken in silence."""

import json
import shutil

import pytest

from elsewhere.federation.introductions import CARDS, cards, introduce, meet
from elsewhere.federation.roster import Circle
from elsewhere.federation.wire import RefusedError

SITES = ("north", "south")


@pytest.fixture
def met(tmp_path):
    """Two hospitals that have sent each other their cards."""
    for site in SITES:
        introduce(tmp_path / site, site, agreement="ab")
    for one, other in (SITES, SITES[::-1]):
        shutil.copy(tmp_path / one / CARDS / f"{one}.json", tmp_path / other / CARDS)
    for site in SITES:
        meet(tmp_path / site, site, cards=cards(tmp_path / site, SITES, agreement="ab"))
    return tmp_path


def test_hospitals_that_met_share_a_secret(met):
    north, south = (Circle(met / site, site) for site in SITES)
    assert north.secret("south", info=b"x") == south.secret("north", info=b"x")


def test_a_card_is_the_same_again_and_its_fingerprint_is_of_all_of_it(met):
    card = introduce(met / "north", "north", agreement="ab")
    assert card == cards(met / "north", SITES, agreement="ab")["north"]
    other = introduce(met / "north", "north", agreement="cd")
    assert len(card.fingerprint) == 39
    assert card.fingerprint != other.fingerprint


def test_no_secret_is_in_a_card(met):
    text = (met / "north" / CARDS / "north.json").read_text()
    assert "PRIVATE" not in text
    assert set(json.loads(text)) == {"site", "agreement", "key", "node"}


def test_another_key_is_refused(met):
    introduce(met / "impostor", "south", agreement="ab")
    shutil.copy(met / "impostor" / CARDS / "south.json", met / "north" / CARDS)
    with pytest.raises(RefusedError, match="card of south has another key than the roster"):
        meet(met / "north", "north", cards=cards(met / "north", SITES, agreement="ab"))


@pytest.mark.parametrize(
    ("change", "text"),
    [({"site": "east"}, "none of north, south"), ({"agreement": "cd"}, "another agreement"),
     ({"more": 1}, "is no card"), ({"key": 5}, "every field is text"), (None, "is no card")],
)  # fmt: skip
def test_wrong_cards_are_refused(met, change, text):
    path = met / "north" / CARDS / "south.json"
    values = json.loads(path.read_text())
    path.write_text("{" if change is None else json.dumps(values | change))
    with pytest.raises(RefusedError, match=text):
        cards(met / "north", SITES, agreement="ab")


def test_two_cards_of_one_hospital_are_refused(met):
    shutil.copy(met / "north" / CARDS / "south.json", met / "north" / CARDS / "zero.json")
    with pytest.raises(RefusedError, match="second card of south"):
        cards(met / "north", SITES, agreement="ab")
