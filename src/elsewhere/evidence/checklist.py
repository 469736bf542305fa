"""checklist: fills the items of a reporting checklist from what a study's artefacts say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from elsewhere.evidence import cohort_facts, figure_facts, result_facts, training_facts
from elsewhere.evidence.fact import Fact, Subject
from elsewhere.evidence.finished import Finished

Status = Literal["evidenced", "in part", "not evidenced"]
STATUSES: tuple[Status, ...] = ("evidenced", "in part", "not evidenced")
NAMES = ("tripod_ai", "claim_2024", "probast_ai", "stard_ai")
ASK = "not evidenced: ask the authors"
PARAPHRASE = (
    "Items are paraphrased and shortened by us. They do not replace the published checklist, whose "
    "wording counts."
)
SUBJECTS: Mapping[str, Subject] = {
    **cohort_facts.SUBJECTS,
    **training_facts.SUBJECTS,
    **result_facts.SUBJECTS,
    **figure_facts.SUBJECTS,
}


class Item(BaseModel):
    """One item of a checklist.

    Attributes
    ----------
    id
        Its number, as the publication gives it.
    applies
        D: development of a model, E: evaluation; None: both, or the checklist makes no difference.
    asks
        What it asks for, in our words.
    evidence
        Subjects that speak to it, names of `SUBJECTS`.
    lacks
        What no artefact can show, so that authors are asked; empty: nothing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    id: str
    section: str
    topic: str
    asks: str
    evidence: tuple[str, ...]
    lacks: str
    applies: Literal["D", "E"] | None = None


class Checklist(BaseModel):
    """A checklist as data.

    Attributes
    ----------
    numbering, certain
        Where the numbers of items were read, and whether that source compared them with the
        publication.
    note
        What a reader must know to use it; empty: nothing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    year: int
    about: str
    citation: str
    numbering: str
    certain: bool
    note: str = ""
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Filled:
    """An item with what the artefacts say.

    Attributes
    ----------
    facts
        Subject to what speaks to the item, in the order of its `evidence`.
    ask
        What the authors are asked for; empty where the artefacts say it all.
    """

    item: Item
    facts: Mapping[str, Fact]
    ask: str

    @property
    def status(self) -> Status:
        """Whether the artefacts answer the item: whole, in part or not at all."""
        if not self.facts:
            return "not evidenced"
        return "in part" if self.ask else "evidenced"


def read(name: str) -> Checklist:
    """Return a checklist of the package by the name of its file, one of `NAMES`."""
    text = (files("elsewhere.evidence") / "checklists" / f"{name}.yaml").read_text(encoding="utf-8")
    return Checklist.model_validate(yaml.safe_load(text))


def facts(study: Finished) -> dict[str, Fact | None]:
    """Return what the artefacts of a study say of every subject; None: nothing."""
    return {name: subject.of(study) for name, subject in SUBJECTS.items()}


def fill(checklist: Checklist, known: Mapping[str, Fact | None]) -> list[Filled]:
    """Fill every item of a checklist; nothing is guessed.

    Parameters
    ----------
    checklist
        The items.
    known
        As from `facts`.

    Raises
    ------
    KeyError
        If an item names a subject that there is not.
    """
    return [_fill(item, known) for item in checklist.items]


def _fill(item: Item, known: Mapping[str, Fact | None]) -> Filled:
    found = {name: known[name] for name in item.evidence}
    silent = [SUBJECTS[name].title for name, fact in found.items() if fact is None]
    told = {name: fact for name, fact in found.items() if fact is not None}
    open_ = [item.lacks, *(fact.lacks for fact in told.values()), ", ".join(silent)]
    return Filled(item, told, "; ".join(filter(None, open_)))


def said(one: Filled) -> str:
    """Return in words what an item still needs; empty where the artefacts say it all."""
    if one.status == "not evidenced":
        return f"{ASK} ({one.ask})" if one.ask else ASK
    return f"ask the authors: {one.ask}" if one.ask else ""


def counts(filled: list[Filled]) -> dict[Status, int]:
    """Count the items by status."""
    counted = Counter(one.status for one in filled)
    return {status: counted[status] for status in STATUSES}
