"""figure_rows: the base class of figures' rows: what a figure reads and which studies have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, get_args

from elsewhere.design import kinds
from elsewhere.design.rows import Modality, Row

# In the order of the report; a study that names no figures has those of these that fit it.
STANDARD = (
    *("matrix", "roc", "why_fell", "new_site", "auc_width", "confusion", "confusion_classes"),
    *("probabilities", "calibration", "decision_curve", "predictive_values", "transport"),
    *("published", "table_1", "roc_findings", "readers", "claims"),
    *("subgroups", "groups", "flow", "patients", "prevalence", "age_and_sex"),
    *("roc_panels", "arms_table", "comparisons"),
    *("gradcam", "localisation", "embeddings", "site_probe", "confounding"),
    *("cohort_table", "missing", "parts", "matching", "site_profile", "example_slices"),
    *("training", "cost_ledger", "federation", "architecture"),
)
# What the report itself reads, whatever figures it shows: its tables, and files that it links.
REPORT = (
    *("metrics", "predictions", "predict_cost", "record", "history", "train_cost", "manifest"),
    *("rejected", "pairs", "audit", "split", "gate", "explained", "gallery", "embeddings"),
)
Labels = Literal["any", "one", "classes", "findings"]
WORDS = {
    "one": "one label each",
    "classes": "one of more than two classes each",
    "findings": "findings",
}


class Caption(NamedTuple):
    """Heading and text under a picture, and the steps whose files it shows.

    What stands in braces in a text depends on the study: `figures.captions` fills it in.
    """

    heading: str
    text: str
    steps: str


@dataclass(frozen=True)
class Facts:
    """What decides which figures a study can have.

    Attributes
    ----------
    findings
        Whether scans have findings instead of one label.
    classes
        Whether scans have one of more than two classes.
    readers
        Whether a site has a table of what readers called its scans.
    federated
        Whether an arm trains in rounds of a federation.
    masks
        Whether lesions of a site are outlined.
    repeated
        Whether an arm has several models: folds or seeds.
    modalities
        What scans its sites have.
    settings
        Fields of the study that are set.
    metrics
        Those of its scoring.
    claims
        Kinds of the claims that its paper's table lists.
    """

    findings: bool
    repeated: bool
    modalities: frozenset[Modality]
    settings: frozenset[str]
    metrics: tuple[str, ...]
    claims: tuple[str, ...]
    classes: bool = False
    readers: bool = False
    federated: bool = False
    masks: bool = False

    @property
    def labels(self) -> Labels:
        """What scans have: one of two labels, one of several classes, or findings."""
        return "findings" if self.findings else "classes" if self.classes else "one"


class FigureRow(Row):
    """Base of the rows of figures: what a figure reads, and which studies have it.

    Attributes
    ----------
    order
        Its place in the report.
    reads
        Names of the inputs of the step `figure` that it reads.
    captions
        Name of a picture, or what the names of several begin with, to its caption.
    labels
        Of which scans it is drawn: with one of two labels each, with one of more classes, with
        findings, or of all.
    of_classes
        Whether it is also drawn of scans with one of more than two classes.
    modalities
        Of which scans it is drawn; one site of these suffices.
    repeated
        It needs arms with several models.
    readers
        It needs a site with readers.
    federated
        It needs an arm that trains in rounds of a federation.
    masks
        It needs a site with masks of lesions.
    setting
        Field of the study that must be set; empty: none.
    metrics
        Metrics that it shows.
    """

    order: ClassVar[int]
    reads: ClassVar[tuple[str, ...]]
    captions: ClassVar[Mapping[str, Caption]]
    labels: ClassVar[Labels] = "any"
    of_classes: ClassVar[bool] = False
    modalities: ClassVar[tuple[Modality, ...]] = get_args(Modality)
    repeated: ClassVar[bool] = False
    readers: ClassVar[bool] = False
    federated: ClassVar[bool] = False
    masks: ClassVar[bool] = False
    setting: ClassVar[str] = ""
    metrics: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def obstacle(cls, facts: Facts) -> str | None:
        """Return why a study cannot have this figure, or None if it can."""
        also = cls.of_classes and facts.labels == "classes"
        if cls.labels not in ("any", facts.labels) and not also:
            return f"it is not drawn of scans with {WORDS[facts.labels]}"
        if not facts.modalities & {*cls.modalities}:
            return f"it is drawn of {' and '.join(cls.modalities)} scans, and the study has none"
        if cls.repeated and not facts.repeated:
            return "every arm has one model; it needs several folds or seeds"
        if cls.readers and not facts.readers:
            return "no site has a table of readers (options.readers of its layout)"
        if cls.federated and not facts.federated:
            return "no arm trains in rounds of a federation"
        if cls.masks and not facts.masks:
            return "no site that is here has masks of lesions (the table `masks`)"
        if cls.setting and cls.setting not in facts.settings:
            return f"the study's {cls.setting} is not set"
        missing = [name for name in cls.metrics if name not in facts.metrics]
        if missing:
            return f"scoring.metrics does not name {', '.join(missing)}"
        return None


def figure_row(name: str) -> type[FigureRow]:
    """Return the row class of a figure.

    Raises
    ------
    elsewhere.design.kinds.KindError
        If there is no such figure.
    """
    row = kinds.row_class("figures", name)
    if not issubclass(row, FigureRow):
        raise kinds.KindError(f"the row of figure '{name}' is not a FigureRow: {row.__name__}")
    return row
