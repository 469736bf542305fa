"""application: predict the validation and test scans of one site with the model of one run."""

from __future__ import annotations

import pandas as pd

from elsewhere.cohorts import cohort
from elsewhere.cohorts.allowance import Allowance
from elsewhere.cohorts.cohort import SiteFiles
from elsewhere.methods import trained
from elsewhere.methods.prediction import Predicted, Sampling, predict, sample
from elsewhere.methods.run import Run
from elsewhere.methods.trained import ArmSettings
from elsewhere.unfinished import Unfinished

PARTS = ("validation", "test")


def predicted(
    run: Run, files: SiteFiles, *, settings: ArmSettings, kept: Unfinished | None = None
) -> Predicted:
    """Predict the validation and the test part of a site (A-16, A-57).

    Parameters
    ----------
    run
        The run, with its model.
    files
        Arrays and split of the site.
    settings
        How the arm's models are applied.
    kept
        What a stopped step has predicted with this run at this site.

    Returns
    -------
    Predicted
        Rows with fold, seed and part; test rows with Monte-Carlo probabilities, if the settings
        ask for any and there is an AUC to make of them: scans of one class have none. The seconds
        are those of both parts.
    """
    classes, allowance = settings.classes, Allowance()
    parts = {
        part: cohort.load(files, fold=run.fold, part=part, classes=classes, allowance=allowance)
        for part in PARTS
    }
    scans = parts["test"] if len(parts["test"]) else parts["validation"]
    network, options = trained.applied(run, scans, settings=settings)
    frames: list[pd.DataFrame] = []
    seconds: tuple[float, ...] = ()
    for part, scans in parts.items():
        prediction = predict(network, scans, options=options, kept=kept)
        rows = prediction.rows.assign(fold=run.fold, seed=run.seed, part=part)
        if part == "test" and settings.prediction.mc_passes and _both_classes(rows):
            passes = sample(
                network,
                scans,
                sampling=Sampling(settings.prediction, run.seed),
                options=options,
                kept=kept,
            )
            rows["mc_probability"] = pd.Series(passes, index=rows.index, dtype=object)
        frames.append(rows)
        seconds += prediction.seconds
    return Predicted(pd.concat(frames), seconds)


def _both_classes(rows: pd.DataFrame) -> bool:
    """Whether scans with a known label of some finding have either label."""
    return bool((rows.groupby("finding")["label"].nunique() > 1).any())
