"""The agreement is exchanged as a file; what differs is named."""

import json

import pytest

from elsewhere.federation.agreement import Agreement
from elsewhere.federation.wire import RefusedError

DIGESTS = {"input": "a", "network": "b", "method": "c", "training": "d"}
AGREED = Agreement(
    study="three", arm="together", scale="demo", fold=0, seed=7, sites=("north", "south"),
    rounds=4, absent={"south": (2,)}, encryption="bfv", weighting="scans", fraction_bits=20,
    min_sites=1, digests=DIGESTS, host="10.0.0.1", port=9092, authority="PEM",
)  # fmt: skip


def test_a_file_brings_the_same_agreement(tmp_path):
    AGREED.write(tmp_path / "agreement.json")
    assert Agreement.read(tmp_path / "agreement.json") == AGREED


def test_rules_and_plan_are_those_of_the_sum():
    terms, plan = AGREED.terms(), AGREED.plan()
    assert (terms.encryption, terms.weighting, terms.min_sites) == ("bfv", "scans", 1)
    assert terms.digest == AGREED.digest
    assert plan.members(2) == ("north",)
    assert AGREED.run == "0-7"


@pytest.mark.parametrize(
    ("field", "value"), [("host", "b"), ("port", 1), ("authority", "x"), ("patience_s", 1.0)]
)
def test_the_server_may_move(field, value):
    assert AGREED.model_copy(update={field: value}).digest == AGREED.digest


@pytest.mark.parametrize(
    ("field", "value"),
    [("rounds", 5), ("sites", ("south", "north")), ("min_sites", 2), ("encryption", "none"),
     ("digests", DIGESTS | {"input": "z"}), ("fewest_patients", 1), ("seed", 8)],
)  # fmt: skip
def test_anything_else_is_another_agreement(field, value):
    assert AGREED.model_copy(update={field: value}).digest != AGREED.digest


def test_what_differs_is_named_and_nothing_else():
    AGREED.require(DIGESTS, at="south")
    other = DIGESTS | {"network": "x", "training": "y"}
    with pytest.raises(RefusedError, match=r"of south are not .*: network, training of study"):
        AGREED.require(other, at="south")
    with pytest.raises(RefusedError, match="agreement: split of"):
        AGREED.require(DIGESTS | {"split": "s"}, at="south")


def test_damaged_files_are_refused(tmp_path):
    path = tmp_path / "agreement.json"
    with pytest.raises(RefusedError, match="is missing: ask the coordinator"):
        Agreement.read(path)
    AGREED.write(path)
    values = json.loads(path.read_text())
    for change in ({"port": 0}, {"surprise": 1}, {"sites": ["../../etc"]}, {"rounds": "many"}):
        path.write_text(json.dumps(values | change))
        with pytest.raises(RefusedError, match=f"'{next(iter(change))}"):
            Agreement.read(path)
    path.write_text(path.read_text()[:-20])
    with pytest.raises(RefusedError):
        Agreement.read(path)
