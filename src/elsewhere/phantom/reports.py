"""reports: draw the 14 labels that an imperfect labeller extracts from a study's report.

1: present, 0: reported as absent, -1: uncertain, None: not mentioned (B-18, B-23). Labels that
people read from the images, `from_images`, are 0 or 1 only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import numpy as np

from elsewhere.design.radiograph_phantom_rows import FINDINGS, FindingName, Mentioned

LABELS: Final = (
    "No Finding",
    "Enlarged Cardiomediastinum",
    "Cardiomegaly",
    "Lung Opacity",
    "Lung Lesion",
    "Edema",
    "Consolidation",
    "Pneumonia",
    "Atelectasis",
    "Pneumothorax",
    "Pleural Effusion",
    "Pleural Other",
    "Fracture",
    "Support Devices",
)  # the publisher's order
OPACITIES = ("Edema", "Consolidation", "Atelectasis")
NAMED_OPACITY = 0.6  # share of opacities that a report also calls opacity
PNEUMONIA = 0.5  # share of consolidations that a report suspects to be pneumonia
NO_PNEUMOTHORAX = 0.4  # share of reports that exclude it, the most frequent exclusion
Labels = dict[str, float | None]


def from_report(
    findings: Collection[FindingName],
    rows: Mapping[FindingName, Mentioned],
    rng: np.random.Generator,
    *,
    device: bool,
) -> Labels:
    """Draw the labels of the report on a study with these findings."""
    labels: Labels = dict.fromkeys(LABELS)
    for name in FINDINGS:
        labels[name] = _label(rows[name], rng, present=name in findings)
    opaque = any(labels[name] == 1 for name in OPACITIES)
    draws = rng.random(3)
    if opaque and draws[0] < NAMED_OPACITY:
        labels["Lung Opacity"] = 1.0
    if labels["Consolidation"] == 1 and draws[1] < PNEUMONIA:
        labels["Pneumonia"] = -1.0
    if draws[2] < NO_PNEUMOTHORAX:
        labels["Pneumothorax"] = 0.0
    _conclude(labels, device=device)
    return labels


def _label(row: Mentioned, rng: np.random.Generator, *, present: bool) -> float | None:
    draw = rng.random()
    if present:
        if draw < row.uncertain:
            return -1.0
        return None if draw < row.uncertain + row.missed else 1.0
    if draw < row.suspected:
        return -1.0
    return 0.0 if draw < row.suspected + row.denied else None


def _conclude(labels: Labels, *, device: bool) -> None:
    """Set "No Finding" if no label is present or uncertain; always report devices."""
    if not any(value in (1, -1) for value in labels.values()):
        labels["No Finding"] = 1.0
    if device:
        labels["Support Devices"] = 1.0


def from_images(findings: Collection[FindingName], *, device: bool) -> Labels:
    """Return the labels of people who read the images: each finding is present or absent."""
    labels: Labels = dict.fromkeys(LABELS, 0.0)
    for name in findings:
        labels[name] = 1.0
    labels["Enlarged Cardiomediastinum"] = labels["Cardiomegaly"]
    labels["Lung Opacity"] = float(any(name in findings for name in OPACITIES))
    labels["No Finding"] = float(not findings)
    labels["Support Devices"] = float(device)
    return labels
