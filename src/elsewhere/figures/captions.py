"""captions: what each figure shows, and which files and requirements it is made from."""

from __future__ import annotations

from typing import NamedTuple

from elsewhere.figures.results import Results


class Caption(NamedTuple):
    """Heading and text under a figure, and the steps whose files it shows.

    What stands in braces in a text depends on the study: `caption` fills it in.
    """

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
    "arms_table": Caption(
        "Every arm on every site, mean and spread",
        "Five measures in percent (D-19 to D-36), the published above ours; calls {calls}. "
        "{spread}",
        "score",
    ),
    "comparisons": Caption(
        "One arm against the others",
        "Differences of AUC with their intervals, and p of the paired t-test as published (D-41, "
        "D-42), of the corrected resampled t-test and of DeLong's paired test on the pooled test "
        "scans; adjusted by Holm over all p of a test.",
        "predict and score",
    ),
    "roc_panels": Caption(
        "ROC, arms side by side",
        "Arms that share axes, a row of panels a group and a column a site (D-43).",
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
        "Shares of each true class at the threshold t {chosen} "
        "(A-52, A-53, A-61), the averages over sites and the matrix of all samples (A-54).",
        "score",
    ),
    "confusion_multi_site": Caption(
        "Confusion matrices, models trained on several sites",
        "As above (A-62).",
        "score",
    ),
    "table_1": Caption(
        "Every finding, internal and elsewhere",
        "AUC of every finding on all test scans of the model's own sites and on each site it never "
        "saw; grey: published (B-32 to B-37; presumed column order B-31).",
        "score",
    ),
    "roc_findings": Caption(
        "ROC of every finding",
        "A row of panels a model: its own test scans, then each site it never saw (B-30).",
        "score",
    ),
    "claims": Caption(
        "What the paper says of its AUCs",
        "Each claim checked on the published numbers and on ours (B-38 to B-42).",
        "predict and score",
    ),
    "subgroups": Caption(
        "With and without a device",
        "AUC of all scans, of those without and with the device, and of the device alone: what a "
        "shortcut would be worth (B-45).",
        "predict",
    ),
    "flow": Caption(
        "From what was ingested to the parts",
        "Scans, patients and positives of each finding, the published counts beside them (B-07 to "
        "B-16).",
        "ingest and split",
    ),
    "prevalence": Caption(
        "Prevalence",
        "Share of each finding by site and part (B-46).",
        "split",
    ),
    "age_and_sex": Caption(
        "Age and sex",
        "Patients of each site by age and sex (B-29).",
        "ingest and split",
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
        "What weights are chosen by, during training: its value on the validation part of the "
        "training sites, in arms called optimistic on their test part; the best model is kept "
        "(A-42).",
        "train",
    ),
    "gradcam": Caption(
        "Where a model looks",
        "Grad-CAM of test scans that it got right and wrong, at every site (D-43, Figs. 4 and 5). "
        "A map shows what the answer rests on, not whether that is the disease.",
        "explain",
    ),
    "embeddings": Caption(
        "How models see the sites",
        "Embeddings of the test scans of one run, by site and class, with how well each can be "
        "told from them (D-13 to D-15).",
        "explain",
    ),
    "architecture": Caption(
        "Architecture",
        "The network that was trained: shapes and filter counts of its levels (A-60).",
        "train",
    ),
}

SHARED = ("architecture", "gradcam", "matrix", "roc_findings")
OF_SEEDS = (
    "The standard deviation is given over seeds and over all runs: the paper does not say which it "
    "prints (D-06)."
)
OF_ONE_SEED = (
    "The standard deviation is that over folds: over seeds it is undefined with one seed, so it is "
    "not comparable with the published ± (D-06)."
)


def caption(name: str, results: Results) -> Caption:
    """Return the caption of a figure; those of several networks, or of several arms, share one.

    Parameters
    ----------
    results
        Of the study: how its scans are called, and how many seeds it has.

    Raises
    ------
    KeyError
        If no caption is written for a figure of this name.
    """
    shared = next((one for one in SHARED if name.startswith(f"{one}_")), name)
    found = CAPTIONS[shared]
    argmax = results.named.threshold_from == "argmax"
    text = found.text.format(
        calls=results.calls,
        chosen="of the argmax, 0.5" if argmax else "that was chosen on validation data",
        spread=OF_SEEDS if results.seeds > 1 else OF_ONE_SEED,
    )
    return found._replace(text=text)
