"""calls: what the models of an arm say of one scan, as probabilities, thresholds and calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from elsewhere.answers.answer import OfRun, Output
from elsewhere.answers.question import Question
from elsewhere.scores import cases

Said = Sequence[Mapping[str, Any]]  # of each run: fold, seed, probabilities by finding or class


def outputs(question: Question, said: Said, *, like: str | None) -> tuple[Output, ...]:
    """Return the answer for each finding or class.

    Thresholds are those with which the cells of the arm were scored. A scan is called by the mean
    of its margins over the runs, as in `scores.cases`; of more than two classes the most probable
    one is called, where the study does so.

    Parameters
    ----------
    question
        The arm.
    said
        What each run says.
    like
        The site whose cell has the thresholds, if it chose them itself.
    """
    names = [*said[0]["probabilities"]]
    means = [sum(run["probabilities"][name] for run in said) / len(said) for name in names]
    if question.classes and question.study.scoring.threshold_from == "argmax":
        top = means.index(max(means))  # the first of equals
        return tuple(
            Output(name, name, mean, None, at == top, tuple(_runs(said, name, {})))
            for at, (name, mean) in enumerate(zip(names, means, strict=True))
        )
    cell = reference(question, like)
    return tuple(
        _output(question, said, name, mean, cell) for name, mean in zip(names, means, strict=True)
    )


def reference(question: Question, like: str | None) -> str | None:
    """Return the site whose cell has the thresholds of the arm; None if no cell was scored here.

    Where training sites choose a threshold it is the same in all cells.
    """
    order = (*((like,) if like else ()), *question.trained_on, *question.evaluated)
    scored = (row for row in order if row in question.cells and _has_runs(question, row))
    return next(scored, None)


def _has_runs(question: Question, row: str) -> bool:
    return any(part["runs"] for part in question.parts(row).values())


def _output(question: Question, said: Said, name: str, mean: float, cell: str | None) -> Output:
    label = name or question.study.classes[1]
    part = {} if cell is None else question.parts(cell).get(name, {})
    if not part.get("runs"):
        return Output(name, label, mean, None, None, tuple(_runs(said, name, {})))
    limits = {(run["fold"], run["seed"]): run["threshold"] for run in part["runs"]}
    runs = tuple(_runs(said, name, limits))
    known = [run.threshold for run in runs if run.threshold is not None]
    threshold = sum(known) / len(known) if len(known) == len(runs) else None
    return Output(name, label, mean, threshold, _called(runs, part), runs)


def _runs(said: Said, name: str, limits: Mapping[tuple[int, int], float | None]) -> Iterator[OfRun]:
    for run in said:
        at = run["fold"], run["seed"]
        yield OfRun(*at, float(run["probabilities"][name]), limits.get(at))


def _called(runs: Sequence[OfRun], part: Mapping[str, Any]) -> bool:
    """Return the call of a scan as `cases.called` makes it for a scan of the study."""
    rows = pd.DataFrame(
        {
            "scan_id": "asked",
            "patient_id": "asked",
            "label": 0,
            "part": "test",
            "fold": [run.fold for run in runs],
            "seed": [run.seed for run in runs],
            "probability_1": [run.probability for run in runs],
        }
    )
    alone = {"runs": part["runs"], "pooled": {"n_scans": 1}}
    return bool(cases.called(rows, cell=alone)["call"].iloc[0])
