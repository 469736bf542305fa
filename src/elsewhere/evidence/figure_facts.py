"""figure_facts: which figures of a study are evidence of a subject."""

from __future__ import annotations

from typing import NamedTuple

from elsewhere.design.figure_rows import figure_row
from elsewhere.evidence.fact import Asked, Subject, drawn


class Drawn(NamedTuple):
    """A subject that figures speak to.

    Attributes
    ----------
    title, sentence
        The subject in words, and what its figures show.
    figures
        Names on the shelf of figures; one that the study has is enough.
    """

    title: str
    sentence: str
    figures: tuple[str, ...]


DRAWN = {
    "confusion": Drawn(
        "confusion matrices", "Confusion matrices are drawn.", ("confusion", "confusion_classes")
    ),
    "flow": Drawn("flow chart", "The flow of scans is drawn.", ("flow",)),
    "roc": Drawn("ROC curves", "ROC curves are drawn.", ("roc", "roc_findings", "roc_panels")),
    "probabilities": Drawn(
        "probabilities by class", "Probabilities are drawn by class.", ("probabilities",)
    ),
    "calibration": Drawn(
        "calibration",
        "Calibration is drawn, as it is and after recalibration on the site's validation part.",
        ("calibration",),
    ),
    "utility": Drawn(
        "net benefit",
        "Decision curves, or predictive values at declared prevalences, are drawn.",
        ("decision_curve", "predictive_values"),
    ),
    "transported": Drawn(
        "thresholds at other sites",
        "The threshold of the training sites is tried at each site, beside a local one.",
        ("transport",),
    ),
    "subgroups": Drawn(
        "subgroups",
        "Performance is drawn by sex, age, scanner, kernel and contrast, or with and without a "
        "device.",
        ("groups", "subgroups"),
    ),
    "new_site": Drawn(
        "what to expect at a new site",
        "AUCs are pooled over sites by random effects, with I² and the interval of a new site.",
        ("new_site",),
    ),
    "why_fell": Drawn(
        "why performance falls",
        "Losses at sites that a model never saw are split into parts.",
        ("why_fell",),
    ),
    "width": Drawn(
        "precision and patients needed",
        "The width of the interval of every AUC, and the patients that the target width needs.",
        ("auc_width",),
    ),
    "excluded": Drawn(
        "missing data by class",
        "Missing fields, and exclusions with their reasons, by site and class.",
        ("missing",),
    ),
    "explained": Drawn(
        "explanations",
        "Grad-CAM maps, embeddings and, where there are masks, their agreement with lesions.",
        ("gradcam", "embeddings", "localisation"),
    ),
    "readers": Drawn("readers", "Readers are compared with models.", ("readers",)),
}


def patterns(figure: str) -> tuple[str, ...]:
    """Return patterns of the pictures of a figure, which may be of one finding, network or arm.

    Raises
    ------
    elsewhere.design.kinds.KindError
        If there is no such figure.
    """
    pictures = figure_row(figure).captions
    return tuple(f"{picture}{end}" for picture in pictures for end in (".png", "_*.png"))


def _asked(of: Drawn) -> Asked:
    """Return a question whose answer is that the study has such figures, or nothing."""
    return lambda study: drawn(study, of.sentence, *(p for f in of.figures for p in patterns(f)))


SUBJECTS = {name: Subject(of.title, _asked(of)) for name, of in DRAWN.items()}
