"""application: a finished run applied to the validation and test scans of one site."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from elsewhere.cohorts import cohort
from elsewhere.cohorts.cohort import SiteFiles
from elsewhere.methods import trained
from elsewhere.methods.prediction import Predicted, predict, sample
from elsewhere.methods.run import Run
from elsewhere.methods.trained import Applied

PARTS = ("validation", "test")


def predicted(run: Run, files: SiteFiles, *, applied: Applied) -> Predicted:
    """Predict the validation and the test part of a site (A-16, A-57).

    Parameters
    ----------
    run
        The model.
    files
        Arrays and split of the site.
    applied
        How the arm's models are applied.

    Returns
    -------
    Predicted
        Rows with fold, seed and part; test rows with Monte-Carlo probabilities, if any are asked
        for. The seconds are those of both parts.
    """
    parts = {part: cohort.load(files, fold=run.fold, part=part) for part in PARTS}
    how = trained.how(applied, site=files.site, sites=run.sites, device=run.device)
    how = replace(how, findings=parts["test"].findings)
    network = trained.load(
        run.model,
        applied=applied,
        sites=run.sites,
        scans=parts["test"] if len(parts["test"]) else parts["validation"],
        how=how,
    )
    frames: list[pd.DataFrame] = []
    seconds: tuple[float, ...] = ()
    for part, scans in parts.items():
        of_part = predict(network, scans, how=how)
        rows = of_part.rows.assign(fold=run.fold, seed=run.seed, part=part)
        if part == "test" and applied.prediction.mc_passes:
            passes = sample(network, scans, prediction=applied.prediction, seed=run.seed, how=how)
            rows["mc_probability"] = pd.Series(passes, index=rows.index, dtype=object)
        frames.append(rows)
        seconds += of_part.seconds
    return Predicted(pd.concat(frames), seconds)
