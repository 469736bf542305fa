"""site_explained: how one model sees the test scans of one site: embeddings and examples."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from elsewhere.cohorts import cohort
from elsewhere.cohorts.cohort import SiteFiles
from elsewhere.cohorts.view import Floats
from elsewhere.methods import explanation, trained
from elsewhere.methods.run import Run
from elsewhere.methods.trained import Applied


@dataclass(frozen=True)
class SiteExplained:
    """Test scans of one site, or why there are none; all but `reason` is empty then.

    Attributes
    ----------
    reason
        Why nothing could be explained; None if something was.
    rows
        Predictions of the test scans, with the site.
    embedded
        Their embeddings [scans, features].
    gallery
        Examples with their Grad-CAM maps, as in `scores.explained.GALLERY`.
    layer
        Whose activations the maps are of.
    """

    reason: str | None
    rows: pd.DataFrame
    embedded: Floats | None = None
    gallery: pd.DataFrame | None = None
    layer: str | None = None


def explain(
    run: Run, files: SiteFiles, rows: pd.DataFrame, *, applied: Applied, drawn: pd.DataFrame
) -> SiteExplained:
    """Embed the test scans of a site and map where the model looks in some of them (D-43).

    Parameters
    ----------
    run
        The model.
    files
        Arrays and split of the site.
    rows
        The run's predictions of the site's test scans, at least one.
    applied
        How the arm's models are applied.
    drawn
        Those of `rows` that become examples, with a column outcome.
    """
    scans = cohort.load(files, fold=run.fold, part="test")
    rows = rows.set_index("scan_id", drop=False).loc[[*scans.scan_ids]].reset_index(drop=True)
    how = trained.how(applied, site=files.site, sites=run.sites, device=run.device)
    network = trained.load(run.model, applied=applied, sites=run.sites, scans=scans, how=how)
    firsts = rows["window_start"].tolist()
    embedded = explanation.embedded(network, scans, firsts=firsts, how=how)
    chosen = [scans.scan_ids.index(scan) for scan in drawn["scan_id"]]
    layer, shown = explanation.examples(network, scans, chosen=chosen, firsts=firsts, how=how)
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
