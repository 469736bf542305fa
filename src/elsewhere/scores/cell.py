"""cell: computes metrics.json, the numbers of one arm on one test site, by run and pooled.

Where scans have findings, each finding has its own numbers; of more than two classes each class
against the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from elsewhere.design.metric_rows import metric_row
from elsewhere.design.scoring import Scoring
from elsewhere.scores import headline, run_thresholds
from elsewhere.scores.discrimination import Floats, Ints
from elsewhere.scores.intervals import Unit
from elsewhere.scores.measures import absent, measure
from elsewhere.scores.metric import Judged
from elsewhere.scores.predictions import RUN, classes, findings
from elsewhere.scores.run_thresholds import SPREAD, Run, apart, part_of
from elsewhere.scores.thresholds import OF_ARGMAX, Threshold


@dataclass(frozen=True)
class Predicted:
    """One arm's predictions on one site: rows and metadata, as from `predictions.read`.

    ``rivals`` are columns with the probability of each class, named as the classes, where a scan
    is called of the most probable one; the rows are then those of one class. Else it is empty.
    """

    frame: pd.DataFrame
    metadata: Mapping[str, str]
    rivals: tuple[str, ...] = ()

    @property
    def unit(self) -> Unit:
        """What is taken to be independent: patients, or images where there are no patient keys."""
        return "image" if self.metadata.get("patient_key") == "none" else "patient"

    def only(self, scans: Collection[str], *, reason: str) -> Predicted:
        """Return the predictions without the test rows of other scans (C-16).

        Parameters
        ----------
        scans
            Test scans that are kept.
        reason
            Why there is none, where there is none.
        """
        tested = self.frame["part"] == "test"
        kept = self.frame[~tested | self.frame["scan_id"].isin([*scans])]
        metadata = self.metadata
        if tested.any() and not (kept["part"] == "test").any():
            metadata = {**metadata, "status": "not run", "reason": reason}
        return Predicted(kept, metadata, self.rivals)


OF_FINDING = ("runs", "pooled", "status", "reason")


def merged(cells: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return metrics.json of a cell with findings, from what `assemble` returned for each finding.

    Returns
    -------
    dict
        ``findings`` maps the name to ``runs``, ``pooled``, ``status`` and ``reason``; the other
        keys are the same for all findings.
    """
    about = next(iter(cells.values()))
    return {
        **{key: value for key, value in about.items() if key not in OF_FINDING},
        "findings": {name: {key: cell[key] for key in OF_FINDING} for name, cell in cells.items()},
    }


def together(parts: Sequence[Predicted]) -> Predicted:
    """Join the predictions of one arm on several sites (B-28).

    They count as not run if one site was not, and as without patient keys if one has none.
    """
    for part in parts:
        if part.metadata["status"] == "not run":
            return part
    unkeyed = any(part.unit == "image" for part in parts)
    key = {"patient_key": "none"} if unkeyed else {}
    frame = pd.concat([part.frame for part in parts])
    return Predicted(frame, {**parts[0].metadata, **key}, parts[0].rivals)


def assemble(
    test: Predicted,
    *,
    training: Mapping[str, Predicted],
    names: Mapping[str, str],
    scoring: Scoring,
) -> dict[str, Any]:
    """Return the content of metrics.json for one cell (A-51 to A-57).

    Parameters
    ----------
    test
        Predictions of the arm on the cell's site.
    training
        Predictions of the same arm on each of its training sites, in the order of the arm.
    names
        ``study``, ``arm`` and ``site``.
    scoring
        Whose validation part chooses the threshold; confidence, resamples and seed.
    """
    reason = _not_run(test)
    runs: list[dict[str, Any]] = []
    pooled = absent("not run", reason, metrics=scoring.metrics)
    pooled |= {"fold": "pooled", "seed": "pooled", **dict.fromkeys((*headline.KEYS, *SPREAD))}
    if not reason:
        chosen = _chosen(test, training, names["site"], scoring)
        runs = [_run(test, training, run, threshold, scoring) for run, threshold in chosen.items()]
        pooled = _pooled(test, runs, chosen, training, scoring)
    return {
        **{name: names[name] for name in ("study", "arm", "site")},
        "training_sites": list(training),
        "patient_key": test.metadata.get("patient_key"),
        "confidence": scoring.confidence,
        "runs": runs,
        "pooled": pooled,
        "status": pooled["status"],
        "reason": pooled["reason"],
    }


def _not_run(test: Predicted) -> str | None:
    if test.metadata["status"] == "not run":
        return test.metadata["reason"]
    if (test.frame["part"] == "test").any():
        return None
    if findings(test.metadata) and not classes(test.metadata):
        return "no test scan of the site has a label for this finding"
    return "the predictions have no test scans"


def _runs(frame: pd.DataFrame) -> list[Run]:
    return sorted(
        {(int(fold), int(seed)) for fold, seed in zip(*(frame[n] for n in RUN), strict=True)}
    )


def _chosen(
    test: Predicted, training: Mapping[str, Predicted], site: str, scoring: Scoring
) -> dict[Run, Threshold]:
    """Return the threshold of each run: that of the argmax, or one chosen on validation scans."""
    runs = _runs(test.frame)
    if scoring.threshold_from == "argmax":
        return dict.fromkeys(runs, OF_ARGMAX)
    source = {site: test} if scoring.threshold_from == "test_site" else training
    unit: Unit = "image" if any(site.unit == "image" for site in source.values()) else "patient"
    frames = {site: predicted.frame for site, predicted in source.items()}
    return run_thresholds.choose_each(frames, runs, confidence=scoring.confidence, unit=unit)


def _run(
    test: Predicted,
    training: Mapping[str, Predicted],
    run: Run,
    threshold: Threshold,
    scoring: Scoring,
) -> dict[str, Any]:
    """Measure the test rows of one run."""
    rows = part_of(test.frame, run, "test")
    measured = measure(_judged(test, {run: threshold}, training), scoring=scoring)
    numbers = headline.with_curve(measured, rows, scoring=scoring, unit=test.unit)
    about = {"fold": run[0], "seed": run[1]}
    return about | numbers | run_thresholds.entry({run: threshold}, test.rivals)


def _pooled(
    test: Predicted,
    runs: list[dict[str, Any]],
    chosen: Mapping[Run, Threshold],
    training: Mapping[str, Predicted],
    scoring: Scoring,
) -> dict[str, Any]:
    """Return the numbers of all runs together; with one run, those of that run again.

    Scores are ranked within each run, and each run calls its own test scans: what one model does,
    whether the runs were tested on the same scans or on different ones.
    """
    pooled = {"fold": "pooled", "seed": "pooled"}
    if len(runs) == 1:
        return runs[0] | pooled
    measured = _of_runs(test, chosen, training, scoring)
    rows = test.frame[test.frame["part"] == "test"]
    numbers = headline.of_models(measured, rows, scoring=scoring, unit=test.unit)
    return pooled | numbers | run_thresholds.entry(chosen, test.rivals)


def _of_runs(
    test: Predicted,
    chosen: Mapping[Run, Threshold],
    training: Mapping[str, Predicted],
    scoring: Scoring,
) -> dict[str, Any]:
    """Return the numbers of several runs, each scan with what every run says of it.

    The mean of probabilities is a model of its own, better calibrated than those that it is made
    of. Only what ranks scans is taken of it here, because runs may be on different scales.
    """
    ranked = tuple(name for name in scoring.metrics if metric_row(name).ranks)
    others = tuple(name for name in scoring.metrics if name not in ranked)
    of_means = measure(
        _judged(test, chosen, training), scoring=scoring.model_copy(update={"metrics": ranked})
    )
    of_each = measure(
        _judged(test, chosen, training, each_run=True),
        scoring=scoring.model_copy(update={"metrics": others}),
    )
    counted = {name: of_means[name] for name in ("n_patients", "n_scans", "n_positive")}
    joined = {name: {**of_means[name], **of_each[name]} for name in ("intervals", "undefined")}
    return {**of_means, **of_each, **counted, **joined}


def _judged(
    test: Predicted,
    chosen: Mapping[Run, Threshold],
    training: Mapping[str, Predicted],
    *,
    each_run: bool = False,
) -> Judged:
    """Reduce the rows of these runs to mean probability and mean margin per scan.

    With ``each_run`` every score and call of a scan stays an entry of its own, here and in
    validation parts.
    """
    rows = pd.concat([part_of(test.frame, run, "test") for run in chosen])
    rows = apart(rows) if each_run else rows
    limits = [
        chosen[int(fold), int(seed)].value
        for fold, seed in zip(rows["fold"], rows["seed"], strict=True)
    ]
    marked = rows.assign(margin=rows["probability_1"] - np.array(limits, dtype=np.float64))
    scans = marked.groupby("scan_id", sort=True).agg(
        label=("label", "first"),
        patient=("patient_id", "first"),
        score=("probability_1", "mean"),
        margin=("margin", "mean"),
    )
    margins = _floats(scans["margin"])
    above = all(threshold.above for threshold in chosen.values())
    calls = margins > 0 if above else margins >= 0
    if test.rivals:
        probabilities = rows.groupby("scan_id", sort=True)[[*test.rivals]].mean().to_numpy()
        calls = probabilities.argmax(axis=1) == test.rivals.index(rows["finding"].iloc[0])
    return Judged(
        labels=_ints(scans["label"]),
        scores=_floats(scans["score"]),
        calls=calls,
        patients=pd.factorize(scans["patient"])[0].astype(np.int64),
        passes=tuple(_passes(rows)),
        unit=test.unit,
        local=run_thresholds.validation([test.frame], chosen, each_run=each_run),
        training=run_thresholds.validation(
            [place.frame for place in training.values()], chosen, each_run=each_run
        ),
    )


def _passes(rows: pd.DataFrame) -> list[tuple[Ints, Floats]]:
    """Return labels [n] and probabilities [n] of each Monte-Carlo pass of each run (A-57)."""
    passes = []
    for _, group in rows.groupby(RUN, sort=True):
        n_passes = int(group["mc_probability"].map(len).min())
        labels = _ints(group["label"])
        drawn = np.stack([probabilities[:n_passes] for probabilities in group["mc_probability"]])
        passes += [(labels, drawn[:, k]) for k in range(n_passes)]
    return passes


def _ints(column: pd.Series[Any]) -> Ints:
    return column.to_numpy(dtype=np.int64)


def _floats(column: pd.Series[Any]) -> Floats:
    return column.to_numpy(dtype=np.float64)
