"""steps: the list of all steps; rules, commands and tests are made or checked from it.

To add a step, add a row here, its module ``steps/<name>.py``, its rule file
``workflow/rules/<name>.smk``, and its stages in `design.graph`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

WILDCARDS = {
    "site": "a row of `sites`",
    "input": "a row of `inputs`",
    "study": "a study in `run`",
    "arm": "an arm of the study",
    "run": "<fold>-<seed>",
}


@dataclass(frozen=True)
class Step:
    """One step of the flow.

    Attributes
    ----------
    name
        Name of the rule, of the rule file, of the module in ``elsewhere.steps``, of the CLI
        subcommand and of the log folder.
    wildcards
        Arguments of the subcommand and wildcards of the rule, in order; each is in `WILDCARDS`.
    environment
        Conda environment ``envs/<environment>.yaml`` of its rule. Only "torch" has torch.
    help
        One line for ``elsewhere --help``.
    """

    name: str
    wildcards: tuple[str, ...]
    environment: Literal["imaging", "figures", "torch"]
    help: str


STEPS = {
    step.name: step
    for step in (
        Step(
            "ingest",
            ("site",),
            "imaging",
            "Reduce a site's raw files to scans in HU and a manifest.",
        ),
        Step(
            "prepare",
            ("input", "site"),
            "imaging",
            "Clip, resample and store a site's scans as an input's lattice.",
        ),
        Step(
            "outline",
            ("input", "site"),
            "imaging",
            "Bring a site's masks of lesions onto an input's lattice.",
        ),
        Step(
            "audit",
            ("study",),
            "figures",
            "Find duplicates between sites; test what headers and voxels tell of label and site.",
        ),
        Step(
            "split",
            ("study", "site"),
            "figures",
            "Send patients to training, validation and test; prove that no patient is in two.",
        ),
        Step(
            "train",
            ("study", "arm", "run"),
            "torch",
            "Train one model; a run that was killed continues at its last checkpoint.",
        ),
        Step(
            "predict",
            ("study", "arm", "site"),
            "torch",
            "Apply an arm's models to a site's validation and test parts.",
        ),
        Step(
            "explain",
            ("study", "arm"),
            "torch",
            "Show where an arm's first model looks (Grad-CAM) and how it groups scans.",
        ),
        Step(
            "localise",
            ("study", "arm"),
            "torch",
            "Compare where an arm's first model looks with the masks of lesions.",
        ),
        Step(
            "score",
            ("study", "arm", "site"),
            "figures",
            "Score one cell of the matrix, with intervals.",
        ),
        Step(
            "figure",
            ("study",),
            "figures",
            "Make the matrix, the figures and the report of a study.",
        ),
    )
}
