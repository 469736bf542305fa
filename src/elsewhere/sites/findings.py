"""findings: what a multi-label site says of a radiograph, in one vocabulary (B-05, B-18, B-23)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, Literal, get_args

State = Literal["positive", "negative", "uncertain", "blank"]
Part = Literal["train", "validation", "test", ""]
STATES: Final[tuple[State, ...]] = get_args(State)
# what tables write: CheXpert's codes, as whole numbers or as pandas saves them
CELLS: Final[Mapping[str, State]] = {
    **dict.fromkeys(("1", "1.0"), "positive"),
    **dict.fromkeys(("0", "0.0", "-0.0"), "negative"),
    **dict.fromkeys(("-1", "-1.0"), "uncertain"),
    "": "blank",
}

# what the CheXpert labeller looks for in a report; CheXpert and MIMIC-CXR-JPG publish it
CHEXPERT_LABELS: Final[Mapping[str, str]] = {
    "No Finding": "no_finding",
    "Enlarged Cardiomediastinum": "enlarged_cardiomediastinum",
    "Cardiomegaly": "cardiomegaly",
    "Lung Opacity": "lung_opacity",
    "Lung Lesion": "lung_lesion",
    "Edema": "edema",
    "Consolidation": "consolidation",
    "Pneumonia": "pneumonia",
    "Atelectasis": "atelectasis",
    "Pneumothorax": "pneumothorax",
    "Pleural Effusion": "pleural_effusion",
    "Pleural Other": "pleural_other",
    "Fracture": "fracture",
    "Support Devices": "support_devices",
}
CHESTXRAY14_LABELS: Final[Mapping[str, str]] = {
    "No Finding": "no_finding",
    "Atelectasis": "atelectasis",
    "Cardiomegaly": "cardiomegaly",
    "Effusion": "pleural_effusion",
    "Infiltration": "infiltration",
    "Mass": "mass",
    "Nodule": "nodule",
    "Pneumonia": "pneumonia",
    "Pneumothorax": "pneumothorax",
    "Consolidation": "consolidation",
    "Edema": "edema",
    "Emphysema": "emphysema",
    "Fibrosis": "fibrosis",
    "Pleural_Thickening": "pleural_thickening",
    "Hernia": "hernia",
}
NAMES: Final = tuple(sorted({*CHEXPERT_LABELS.values(), *CHESTXRAY14_LABELS.values()}))
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")
_EXPECTED = (
    f"expected name=state joined by ';' and sorted by name, each name once; states are "
    f"{', '.join(STATES)}, names are lower-case letters, digits, _ and -"
)


class FindingsError(ValueError):
    """A text or a mapping holds no findings; the message quotes it and says what is expected."""


def written(findings: Mapping[str, State]) -> str:
    """Return findings as the manifest keeps them: name=state, sorted by name, joined by ";".

    A finding that the site's publisher never annotates is in neither form: "not annotated" is
    neither negative nor blank.

    Raises
    ------
    FindingsError
        If a name is none or a state is unknown.
    """
    text = ";".join(f"{name}={findings[name]}" for name in sorted(findings))
    read(text)
    return text


def read(text: str) -> dict[str, State]:
    """Return the findings in a cell of the manifest; none for an empty one.

    Raises
    ------
    FindingsError
        If `written` cannot have written the text.
    """
    found: dict[str, State] = {}
    known: dict[str, State] = {state: state for state in STATES}
    for item in text.split(";") if text else ():
        name, _, state = item.partition("=")
        if not _NAME.fullmatch(name) or state not in known:
            raise FindingsError(f"'{item}' in '{text}' is no finding; {_EXPECTED}")
        found[name] = known[state]
    if [item.partition("=")[0] for item in text.split(";") if text] != sorted(found):
        raise FindingsError(f"'{text}' are no findings; {_EXPECTED}")
    return found


def known(texts: Iterable[str]) -> frozenset[str]:
    """Return the findings that some publisher annotates, and those in cells of a manifest."""
    own = (name for text in {*texts} for name in read(text))
    return frozenset((*NAMES, *own))
