"""operating: one model at one site: how it orders and calls scans, with resamples of patients.

Arrays begin with the value itself; the values of the resamples follow: [1 + resamples].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from elsewhere.design.scoring import Scoring
from elsewhere.scores import case_mix
from elsewhere.scores.attribution import Elsewhere, Home, Rates
from elsewhere.scores.case_mix import Recalibration, recalibrate
from elsewhere.scores.cell import Predicted
from elsewhere.scores.discrimination import Floats, Ints, auc
from elsewhere.scores.intervals import Draws, resample, resampled_auc
from elsewhere.scores.predictions import RUN
from elsewhere.scores.thresholds import choose

_LEAST, _SCANS = 200, 20_000_000  # resamples, and scans in all of them: bounds the time of a cell


@dataclass(frozen=True)
class Place:
    """One model at one site.

    Attributes
    ----------
    test
        A row a test scan: ``label``, ``patient``, ``score`` (mean probability of class 1), and,
        where scans are called at a threshold, ``limit`` and ``margin`` (means over its runs of the
        threshold, and of the probability minus it); the index is the scan.
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
        """0 or 1 of each test scan [n]."""
        return self.test["label"].to_numpy(np.int64)

    @property
    def scores(self) -> Floats:
        """Mean probability of each test scan [n]."""
        return self.test["score"].to_numpy(np.float64)

    @cached_property
    def patients(self) -> Ints:
        """Patient number of each test scan [n]."""
        return pd.factorize(self.test["patient"])[0].astype(np.int64)

    @cached_property
    def draws(self) -> Draws:
        """Patients drawn with replacement; the same for all models at the site.

        As many as the study sets; of more than 10,000 scans fewer, down to 200.
        """
        n = min(self.scoring.bootstrap, max(_LEAST, _SCANS // max(1, len(self.labels))))
        return resample(self.labels, patients=self.patients, n=n, seed=self.scoring.seed)

    @cached_property
    def auc(self) -> Floats:
        """AUC."""
        drawn = resampled_auc(self.labels, scores=self.scores, draws=self.draws)
        return np.append(auc(self.labels, scores=self.scores), drawn)

    def concordance(self, probabilities: Floats) -> Floats:
        """Return the model-based concordance of recalibrated probabilities of the test scans."""
        drawn = case_mix.resampled_concordance(probabilities, draws=self.draws)
        return np.append(case_mix.concordance(probabilities), drawn)

    @cached_property
    def prevalence(self) -> Floats:
        """Share of positive test scans."""
        everyone = np.ones(len(self.labels))
        return self.share(everyone, (self.labels == 1).astype(np.float64))

    def rates(self, calls: NDArray[np.bool_]) -> Rates:
        """Return sensitivity and specificity of these calls [n]."""
        truth = (self.labels == 1).astype(np.float64)
        return Rates(self.share(truth, calls), self.share(1 - truth, ~calls))

    def expected(self, probabilities: Floats, calls: NDArray[np.bool_]) -> Rates:
        """Return the rates of these calls if the probabilities [n] were right."""
        return Rates(self.share(probabilities, calls), self.share(1 - probabilities, ~calls))

    @property
    def calls(self) -> NDArray[np.bool_]:
        """Which test scans the model calls positive, as in the cell [n]."""
        margins = self.test["margin"].to_numpy(np.float64)
        strictly = self.scoring.threshold_from == "argmax"  # of equals the first: negative
        positive: NDArray[np.bool_] = margins > 0 if strictly else margins >= 0
        return positive

    def local_limit(self) -> float | None:
        """Return the mean over runs of the threshold chosen on the site's validation scans.

        None without validation scans of both classes in each run.
        """
        limits = []
        for _, rows in self.validation.groupby(RUN, sort=True):
            if rows["label"].nunique() < 2:
                return None
            labels = rows["label"].to_numpy(np.int64)
            limits.append(choose(labels, scores=rows["probability_1"].to_numpy(np.float64)).value)
        return float(np.mean(limits)) if limits else None

    def share(self, weights: Floats, counted: NDArray[Any]) -> Floats:
        """Return the weighted share of the scans that count."""
        part, whole = (self._summed(column) for column in (weights * counted, weights))
        with np.errstate(invalid="ignore", divide="ignore"):
            shares: Floats = part / whole
        return shares

    def _summed(self, column: Floats) -> Floats:
        """Return the sum over all scans, and over those of each resample."""
        of_patient = np.bincount(self.draws.patient, weights=column).astype(np.float64)
        # einsum, unlike BLAS, sums in the same order with any number of threads
        return np.append(of_patient.sum(), np.einsum("bp,p->b", self.draws.weights, of_patient))


def place(predicted: Predicted, cell: Mapping[str, Any], *, scoring: Scoring) -> Place:
    """Return a model at a site, from the predictions of one finding or class and its metrics."""
    frame = predicted.frame
    tested = frame[frame["part"] == "test"]
    limits = {(run["fold"], run["seed"]): run["threshold"] for run in cell["runs"]}
    known = bool(limits) and None not in limits.values()
    if known:
        runs = zip(tested["fold"], tested["seed"], strict=True)
        tested = tested.assign(limit=[limits[run] for run in runs])
        tested["margin"] = tested["probability_1"] - tested["limit"]
    columns = {
        "label": ("label", "first"),
        "patient": ("patient_id", "first"),
        "score": ("probability_1", "mean"),
        **{name: (name, "mean") for name in ("limit", "margin") if known},
    }
    test = tested.groupby("scan_id", sort=True).agg(**columns)
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
            one.expected(fitted.of(one.scores), one.calls) if fitted else None,
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
    limit = one.local_limit()
    if one.scoring.threshold_from == "test_site":  # the cell's threshold is the local one
        return Elsewhere(one.prevalence, called, called, called)
    if limit is None or home is None or local is None:
        return Elsewhere(one.prevalence, called)
    own_limit = one.test["limit"].to_numpy(np.float64)
    calls = local.logit(one.scores) >= home.logit(own_limit)
    return Elsewhere(
        one.prevalence,
        called,
        local=one.rates(one.scores >= limit),
        recalibrated=one.rates(calls),
        expected=one.expected(local.of(one.scores), calls),
    )
