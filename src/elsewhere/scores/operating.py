"""operating: one model at one site: how it orders and calls scans, with resamples of patients.

Arrays begin with the value itself; the values of the resamples follow: [1 + resamples].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from elsewhere.design.scoring import Scoring
from elsewhere.scores import case_mix
from elsewhere.scores.attribution import Elsewhere, Home, Rates
from elsewhere.scores.case_mix import recalibrate
from elsewhere.scores.cell import Predicted
from elsewhere.scores.discrimination import Floats, Ints, auc
from elsewhere.scores.logits import Recalibration
from elsewhere.scores.predictions import RUN
from elsewhere.scores.resampling import Draws, resample, resampled_auc
from elsewhere.scores.subgroups import among
from elsewhere.scores.thresholds import choose

Mask = NDArray[np.bool_]

_LEAST, _SCANS = 200, 20_000_000  # resamples, and scans in all of them: bounds the time of a cell


@dataclass(frozen=True)
class Place:
    """One model at one site; of several runs (folds, seeds) what a single model does on average.

    Attributes
    ----------
    test
        A row a test scan and run: ``label``, ``patient``, ``fold``, ``seed``, ``score``
        (probability of class 1), and ``limit``, the threshold of the run, where scans are called at
        one; the index is the scan.
    validation
        A row a validation scan and run: ``label``, ``fold``, ``seed``, ``probability_1``.
    cell
        metrics.json of the cell.
    scoring
        Resamples and seed; how scans are called.
    """

    test: pd.DataFrame
    validation: pd.DataFrame
    cell: Mapping[str, Any]
    scoring: Scoring

    @property
    def called(self) -> bool:
        """Whether scans are called at a threshold."""
        return "limit" in self.test

    @property
    def labels(self) -> Ints:
        """0 or 1 of each row [n]."""
        return self.test["label"].to_numpy(np.int64)

    @property
    def scores(self) -> Floats:
        """Probability of each row [n]."""
        return self.test["score"].to_numpy(np.float64)

    @cached_property
    def patients(self) -> Ints:
        """Patient number of each row [n]."""
        return pd.factorize(self.test["patient"])[0].astype(np.int64)

    @cached_property
    def scans(self) -> pd.DataFrame:
        """A row a test scan: ``label``, ``patient``, and ``score``, the mean over its runs."""
        columns = {"label": "first", "patient": "first", "score": "mean"}
        return self.test.groupby(level=0, sort=True).agg(columns)

    @cached_property
    def runs(self) -> list[Mask]:
        """Rows of each run whose test scans have both classes [n]."""
        codes = self.test.groupby(RUN, sort=True).ngroup().to_numpy()
        masks = [codes == code for code in np.unique(codes)]
        return [mask for mask in masks if len(np.unique(self.labels[mask])) == 2]

    @cached_property
    def draws(self) -> Draws:
        """Patients drawn with replacement; the same for all models at the site.

        As many as the study sets; of more than 10,000 rows fewer, down to 200.
        """
        n = min(self.scoring.bootstrap, max(_LEAST, _SCANS // max(1, len(self.labels))))
        return resample(self.labels, patients=self.patients, n=n, seed=self.scoring.seed)

    @cached_property
    def auc(self) -> Floats:
        """Mean over runs of the AUC."""
        return self.auc_among(np.ones(len(self.labels), dtype=np.bool_))

    def auc_among(self, mask: Mask) -> Floats:
        """Return the mean over runs of the AUC among some rows; a run without a class is left out.

        Raises
        ------
        ValueError
            If no run has both classes among them.
        """
        several = [run & mask for run in self.runs]
        both = [rows for rows in several if len(np.unique(self.labels[rows])) == 2]
        if not both:
            raise ValueError("no run has both classes among these scans; expected at least one")
        return self._mean(both, self._auc)

    def concordance(self, probabilities: Floats) -> Floats:
        """Return the mean over runs of the model-based concordance of recalibrated probabilities.

        Parameters
        ----------
        probabilities
            Of each row [n].
        """

        def of_run(rows: Mask) -> Floats:
            chosen, draws = probabilities[rows], among(self.draws, rows)
            drawn = case_mix.resampled_concordance(chosen, draws=draws)
            return np.append(case_mix.concordance(chosen), drawn)

        return self._mean(self.runs, of_run)

    @cached_property
    def prevalence(self) -> Floats:
        """Share of positive rows."""
        everyone = np.ones(len(self.labels))
        return self.share(everyone, (self.labels == 1).astype(np.float64))

    def rates(self, calls: Mask) -> Rates:
        """Return sensitivity and specificity of these calls [n]."""
        truth = (self.labels == 1).astype(np.float64)
        return Rates(self.share(truth, calls), self.share(1 - truth, ~calls))

    def expected(self, probabilities: Floats, calls: Mask) -> Rates:
        """Return the rates of these calls if the probabilities [n] were right."""
        return Rates(self.share(probabilities, calls), self.share(1 - probabilities, ~calls))

    @property
    def calls(self) -> Mask:
        """Which rows the model calls positive, as in the cell [n]."""
        limits = self.test["limit"].to_numpy(np.float64)
        strictly = self.scoring.threshold_from == "argmax"  # of equals the first: negative
        positive: Mask = self.scores > limits if strictly else self.scores >= limits
        return positive

    def local_limits(self) -> Floats | None:
        """Return for each row the threshold that its run chooses on the site's validation scans.

        None without validation scans of both classes in each run.
        """
        limits = {}
        for run, rows in self.validation.groupby(RUN, sort=True):
            if rows["label"].nunique() == 2:
                labels, scores = rows["label"].to_numpy(np.int64), rows["probability_1"].to_numpy()
                limits[run] = choose(labels, scores=scores).value
        chosen = [limits.get(run) for run in zip(self.test["fold"], self.test["seed"], strict=True)]
        return None if None in chosen else np.array(chosen, dtype=np.float64)

    def share(self, weights: Floats, counted: NDArray[Any]) -> Floats:
        """Return the weighted share of the rows that count."""
        part, whole = (self._summed(column) for column in (weights * counted, weights))
        with np.errstate(invalid="ignore", divide="ignore"):
            shares: Floats = part / whole
        return shares

    def _summed(self, column: Floats) -> Floats:
        """Return the sum over all rows, and over those of each resample."""
        of_patient = np.bincount(self.draws.patient, weights=column).astype(np.float64)
        # einsum, unlike BLAS, sums in the same order with any number of threads
        return np.append(of_patient.sum(), np.einsum("bp,p->b", self.draws.weights, of_patient))

    def _auc(self, rows: Mask) -> Floats:
        labels, scores = self.labels[rows], self.scores[rows]
        drawn = resampled_auc(labels, scores=scores, draws=among(self.draws, rows))
        return np.append(auc(labels, scores=scores), drawn)

    def _mean(self, runs: list[Mask], of_run: Callable[[Mask], Floats]) -> Floats:
        mean: Floats = np.mean([of_run(rows) for rows in runs], axis=0)
        return mean


def place(predicted: Predicted, cell: Mapping[str, Any], *, scoring: Scoring) -> Place:
    """Return a model at a site, from the predictions of one finding or class and its metrics."""
    frame = predicted.frame
    tested = frame[frame["part"] == "test"].sort_values(["scan_id", *RUN])
    limits = {(run["fold"], run["seed"]): run["threshold"] for run in cell["runs"]}
    test = pd.DataFrame(
        {
            "label": tested["label"].to_numpy(),
            "patient": tested["patient_id"].to_numpy(),
            "fold": tested["fold"].to_numpy(),
            "seed": tested["seed"].to_numpy(),
            "score": tested["probability_1"].to_numpy(),
        },
        index=pd.Index(tested["scan_id"], name="scan_id"),
    )
    if limits and None not in limits.values():
        test["limit"] = [limits[run] for run in zip(test["fold"], test["seed"], strict=True)]
    validation = frame.loc[frame["part"] == "validation", ["label", *RUN, "probability_1"]]
    return Place(test, validation, cell, scoring)


def validated(places: list[Place], *, slope: float | None = None) -> Recalibration | None:
    """Recalibrate on the validation scans of these sites together; see `case_mix.recalibrate`."""
    rows = pd.concat([place.validation for place in places])
    scores = rows["probability_1"].to_numpy(np.float64)
    return recalibrate(rows["label"].to_numpy(np.int64), scores=scores, slope=slope)


def at_home(places: list[Place], fitted: Recalibration | None) -> list[Home]:
    """Return a model's own sites as `attribution` takes them.

    Parameters
    ----------
    places
        Its own sites.
    fitted
        Recalibration on their validation scans; None if there is none.
    """
    return [
        Home(
            one.prevalence,
            one.rates(one.calls),
            one.expected(fitted.apply(one.scores), one.calls) if fitted else None,
        )
        for one in places
    ]


def elsewhere(one: Place, home: Recalibration | None, local: Recalibration | None) -> Elsewhere:
    """Return a site that a model never saw as `attribution` takes it.

    Parameters
    ----------
    one
        The site.
    home
        Recalibration on the validation scans of the model's own sites.
    local
        The same slope, with an intercept fitted to the validation scans of this site.
    """
    called = one.rates(one.calls)
    limits = one.local_limits()
    if one.scoring.threshold_from == "test_site":  # the cell's threshold is the local one
        return Elsewhere(one.prevalence, called, called, called)
    if limits is None or home is None or local is None:
        return Elsewhere(one.prevalence, called)
    own_limit = one.test["limit"].to_numpy(np.float64)
    calls = local.moved(one.scores) >= home.moved(own_limit)
    return Elsewhere(
        one.prevalence,
        called,
        local=one.rates(one.scores >= limits),
        recalibrated=one.rates(calls),
        expected=one.expected(local.apply(one.scores), calls),
    )
