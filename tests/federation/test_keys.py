"""A wrapped key opens for its receiver, epoch and members, and for nothing else."""

import pytest
from test_roster import circles

from elsewhere.federation.keys import unwrap, wrap
from elsewhere.federation.wire import RefusedError

MEMBERS = ["a", "b", "c"]


def test_who_can_open_it(tmp_path):
    known = circles(tmp_path)
    wrapped = wrap(b"secret", known["a"], receiver="b", epoch="e", members=MEMBERS)
    about = {"maker": "a", "epoch": "e", "members": MEMBERS}
    assert unwrap(wrapped, known["b"], **about) == b"secret"
    for site, change in (
        ("c", {}), ("b", {"maker": "c"}), ("b", {"epoch": "f"}), ("b", {"members": ["a", "b"]})
    ):  # fmt: skip
        with pytest.raises(RefusedError, match="roster, maker or members differ"):
            unwrap(wrapped, known[site], **(about | change))
    for damaged in (wrapped[:-1], b"", wrapped[:12] + bytes([wrapped[12] ^ 1]) + wrapped[13:]):
        with pytest.raises(RefusedError):
            unwrap(damaged, known["b"], **about)


def test_no_two_wrappings_are_alike(tmp_path):
    known = circles(tmp_path)
    both = [wrap(b"secret", known["a"], receiver="b", epoch="e", members=MEMBERS) for _ in range(2)]
    assert both[0] != both[1]
