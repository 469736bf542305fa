"""reason: what a reason code is made of: verdict, meaning, and what a user should do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["set aside", "rejected"]
VERDICTS: tuple[Verdict, ...] = ("set aside", "rejected")
AGAIN = "Get the file again from its source: a copy or a transfer broke off."


@dataclass(frozen=True)
class Reason:
    """One reason code.

    Attributes
    ----------
    verdict
        set aside: no part of a scan, or left out because the user asked for it; rejected: it
        should have been a scan and cannot be.
    sentence
        What it means.
    remedy
        What a user should do.
    """

    verdict: Verdict
    sentence: str
    remedy: str


def aside(sentence: str, *, remedy: str = "Nothing.") -> Reason:
    """Return a reason to set files aside."""
    return Reason("set aside", sentence, remedy)


def rejected(sentence: str, remedy: str) -> Reason:
    """Return a reason to reject files."""
    return Reason("rejected", sentence, remedy)
