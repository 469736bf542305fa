"""site_explained: embeddings and Grad-CAM examples of one site's test scans from one model."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from elsewhere.cohorts import cohort
from elsewhere.cohorts.cohort import SiteFiles
from elsewhere.cohorts.view import Floats
from elsewhere.methods import explanation, trained
from elsewhere.methods.run import Run
from elsewhere.methods.trained import ArmSettings


@dataclass(frozen=True)
class SiteExplained:
    """The explained test scans of one site, or the reason why there are none.

    Attributes
    ----------
    reason
        Why no scan could be explained; None if scans were. With a reason all else is empty.
    rows
        Predictions of the test scans, with the site.
    embedded
        Embeddings of the test scans, [scans, features].
    gallery
        Examples with their Grad-CAM maps, as in `scores.explained.GALLERY`.
    layer
        Name of the layer whose activations the maps show.
    """

    reason: str | None
    rows: pd.DataFrame
    embedded: Floats | None = None
    gallery: pd.DataFrame | None = None
    layer: str | None = None


def explain(
    run: Run, files: SiteFiles, rows: pd.DataFrame, *, settings: ArmSettings, drawn: pd.DataFrame
) -> SiteExplained:
    """Return the embeddings of a site's test scans and Grad-CAM maps of some of them (D-43).

    Parameters
    ----------
    run
        The run, with its model.
    files
        Arrays and split of the site.
    rows
        The run's predictions of the site's test scans, at least one.
    settings
        How the arm's models are applied.
    drawn
        The rows of the scans that become examples, with a column outcome.
    """
    scans = cohort.load(files, fold=run.fold, part="test", classes=settings.classes)
    rows = rows.set_index("scan_id", drop=False).loc[[*scans.scan_ids]].reset_index(drop=True)
    network, options = trained.applied(run, scans, settings=settings)
    firsts = rows["window_start"].tolist()
    embedded = explanation.embedded(network, scans, firsts=firsts, options=options)
    chosen = [scans.scan_ids.index(scan) for scan in drawn["scan_id"]]
    layer, shown = explanation.examples(
        network, scans, chosen=chosen, firsts=firsts, options=options
    )
    gallery = drawn[["scan_id", "label", "outcome", "probability_1"]].assign(
        site=files.site,
        slice=[example.slice for example in shown],
        rows=[example.image.shape[0] for example in shown],
        columns=[example.image.shape[1] for example in shown],
        image=[example.image.tobytes() for example in shown],
        heat=[example.heat.tobytes() for example in shown],
        against=[example.against for example in shown],
    )
    return SiteExplained(None, rows.assign(site=files.site), embedded, gallery, layer)
