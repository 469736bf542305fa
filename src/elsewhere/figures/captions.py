"""captions: what each figure shows, and which files and requirements it is made from."""

from __future__ import annotations

from typing import NamedTuple


class Caption(NamedTuple):
    """Heading and text under a figure, and the steps whose files it shows."""

    heading: str
    text: str
    steps: str


CAPTIONS = {
    "matrix": Caption(
        "The generalization matrix",
        "AUC of every model (row: its training sites) on every test site (column), with its "
        "interval. A thick frame marks a test site that was in training; all other cells are "
        "sites the model has never seen.",
        "score",
    ),
    "published": Caption(
        "Published numbers beside ours",
        "The paper's numbers are data with their source; they enter none of our results.",
        "score",
    ),
    "roc_single_site": Caption(
        "ROC, models trained on one site",
        "Thresholds from 0 to 1 in steps of 0.01 (A-56); band: one standard deviation over "
        "Monte-Carlo dropout passes (A-57, A-63). Sites with one class have no ROC curve.",
        "score",
    ),
    "roc_multi_site": Caption(
        "ROC, models trained on several sites",
        "As above (A-64).",
        "score",
    ),
    "confusion_single_site": Caption(
        "Confusion matrices, models trained on one site",
        "Shares of each true class at the threshold t that was chosen on validation data "
        "(A-52, A-53, A-61), the averages over sites and the matrix of all samples (A-54).",
        "score",
    ),
    "confusion_multi_site": Caption(
        "Confusion matrices, models trained on several sites",
        "As above (A-62).",
        "score",
    ),
    "cohort_table": Caption(
        "Cohort",
        "Patients and scans of each site and class (A-58), with what may tell sites apart: "
        "vendor, value scale, bit depth, spacing (A-11, A-12).",
        "ingest",
    ),
    "confounding": Caption(
        "Label by site, before any training",
        "Patients of each class and site; and how well label and site are told from the header "
        "alone, without an image: what a network could learn instead of the disease (A-75, A-76).",
        "audit",
    ),
    "site_profile": Caption(
        "Site profiles",
        "Grey values, noise in air and lung, slice distance, slices and scanners of each site "
        "(A-06, A-09, A-11), with the middle of the lungs of its first patients.",
        "ingest",
    ),
    "example_slices": Caption(
        "Example scans",
        "Middle axial slices of the first two patients of each class (A-59).",
        "ingest",
    ),
    "training": Caption(
        "Training",
        "Validation accuracy during training; the best model is kept (A-42).",
        "train",
    ),
    "architecture": Caption(
        "Architecture",
        "The network that was trained: shapes and filter counts of its levels (A-60).",
        "train",
    ),
}


def caption(name: str) -> Caption:
    """Return the caption of a figure; the figures of several networks share one.

    Raises
    ------
    KeyError
        If no caption is written for a figure of this name.
    """
    return CAPTIONS["architecture" if name.startswith("architecture_") else name]
