"""result_facts: what artefacts say of performance, its uncertainty and its limits."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from elsewhere.design.metric_rows import metric_row
from elsewhere.evidence.fact import Fact, Subject, drawn, stated
from elsewhere.evidence.finished import Finished
from elsewhere.figures import answer, words
from elsewhere.scores.summary import Place, places

CITATION = Path("CITATION.cff")
LICENCE = Path("LICENSE")
NOTICES = 5
_REQUIREMENT = re.compile(
    r" \([A-D]-\d\d\)|; [A-D]-\d\d|[A-D]-\d\d; "
)  # numbers of the papers' list


def question(study: Finished) -> Fact | None:
    """Say what is asked: models of so many kinds, each evaluated on so many sites."""
    row, results = study.study, study.results
    text = (
        f"{row.title}. {len(study.trained())} ways of training (arms) develop models, and each of "
        f"{len(results.rows)} arms is evaluated on {len(results.columns)} sites. Outcome: "
        f"{', '.join(row.classes)}. After {row.citation}."
    )
    return stated([text], [study.settings_file, study.matrix])


def metrics(study: Finished) -> Fact | None:
    """Define the metrics."""
    rows = [metric_row(name) for name in study.study.scoring.metrics]
    said = [f"{row.title}: {_REQUIREMENT.sub('', row.definition)}" for row in rows]
    return stated(said, [study.settings_file, study.matrix])


def intervals(study: Finished) -> Fact | None:
    """Say how the interval of each metric is made."""
    scoring = study.study.scoring
    rows = [metric_row(name) for name in scoring.metrics]
    made = {"none": "no interval"}
    said = [f"{row.title}: {made.get(row.interval, row.interval)}." for row in rows]
    head = f"Confidence {scoring.confidence:.0%}."
    return stated([head, *said], [study.settings_file, study.matrix])


def threshold(study: Finished) -> Fact | None:
    """Say how a probability becomes a call."""
    each = study.given.each.values()
    runs = [run for of in each for cell in of.cells.values() for run in cell["runs"]]
    fallen = sum(str(run["threshold_rule"]).startswith("argmax") for run in runs)
    said = [f"A network gives probabilities; calls are {study.results.calls}."]
    if runs:
        said.append(f"Thresholds that are the argmax (0.5): {fallen} of {len(runs)}.")
    return stated(said, [study.settings_file, study.matrix])


def comparisons(study: Finished) -> Fact | None:
    """Say which arms are compared by tests."""
    declared = study.study.comparisons
    count = sum(len(row.against) for row in declared)
    over = "with the audit" if study.study.family == "study" else "apart from the audit"
    text = (
        f"{count} pairs of arms are declared to be compared, by DeLong's test, clustered by "
        f"patient (confirmatory; Holm's correction {over}), and by the corrected resampled t-test "
        "over folds (exploratory)."
    )
    files = [study.settings_file, *study.figures("comparisons*.csv", "comparisons*.png")]
    return stated([text] if count else [], files)


def performance(study: Finished) -> Fact | None:
    """Give the answer of the report; every number with its interval stands in matrix.csv."""
    said = [
        f"{item['number']} ({item['interval']}): {item['words'].rstrip('.')}."
        for item in answer.answer(study.given)
    ]
    text = "Every cell has its AUC with an interval, or the reason why it has none."
    return stated([*said, text], [study.matrix, study.report])


def own(study: Finished) -> Fact | None:
    """Count the cells on test patients of the training sites."""
    return _of_places(study, "own", "test patients of a site that the model was trained on")


def unseen(study: Finished) -> Fact | None:
    """Count the cells on sites that a model never saw."""
    return _of_places(study, "unseen", "a site that the model never saw in training")


def _of_places(study: Finished, kind: str, where: str) -> Fact | None:
    found = [place for place in _places(study) if place.kind == kind]
    text = f"{len(found)} cells with an AUC are on {where}: AUC {_range(found)}."
    synthetic = " Sites are synthetic." if study.results.synthetic else ""
    return stated([text + synthetic] if found else [], [study.matrix])


def heterogeneity(study: Finished) -> Fact | None:
    """Say how far performance differs between sites."""
    said = []
    for column in study.results.columns:
        found = [place for place in _places(study) if place.site == column.row]
        if found:
            said.append(f"{column.title}: AUC {_range(found)} over {len(found)} cells.")
    return stated(said, [study.matrix, *study.figures("matrix*.png")])


def _places(study: Finished) -> list[Place]:
    return [place for each in study.given.each.values() for place in places(each.cells.values())]


def _range(found: Iterable[Place]) -> str:
    aucs = [place.auc for place in found]
    return f"{words.number(min(aucs))} to {words.number(max(aucs))}"


def undefined(study: Finished) -> Fact | None:
    """Say what has no number, and why."""
    reasons = {
        words.reason(cell)
        for each in study.given.each.values()
        for cell in each.cells.values()
        if words.verdict(cell) != "ok"
    }
    said = ["Every scan that is tested has a probability and a call; none is indeterminate."]
    said += [f"Cells without an AUC: {'; '.join(sorted(reasons))}."] if reasons else []
    return stated(said, [study.matrix, study.report])


def errors(study: Finished) -> Fact | None:
    """Point at the review of misclassified scans, if there was one."""
    folder = study.home / "review"
    read = folder / "table_2.csv"
    if read.is_file():
        return stated(["A reader looked at misclassified scans, blinded."], [read])
    return drawn(
        study, "Examples of right and wrong calls are drawn with Grad-CAM maps.", "gradcam_*.png"
    )


def published(study: Finished) -> Fact | None:
    """Count the published numbers that stand beside ours."""
    count = len(study.given.beside)
    text = f"{count} published numbers of {study.study.citation} stand beside ours."
    return stated([text] if count else [], [study.report, *study.figures("published*.png")])


def limits(study: Finished) -> Fact | None:
    """Give the notices of the report, the most serious first."""
    notices = study.notices()
    more = len(notices) - NOTICES
    said = ["All or some sites are synthetic."] if study.results.synthetic else []
    said += notices[:NOTICES]
    said += [f"{more} more notices stand in the report."] if more > 0 else []
    return stated(said, [study.report])


def settings_file(study: Finished) -> Fact | None:
    """Point at the settings of the study."""
    text = (
        "All choices are settings under version control, with a reason where the paper is silent; "
        "every result is bound to the settings and the code that made it."
    )
    return stated([text], [study.settings_file, Path("params.yaml"), Path("dvc.lock")])


def code(study: Finished) -> Fact | None:
    """Say where the code is and under which licence."""
    del study
    if not CITATION.is_file():
        return None
    cited: dict[str, Any] = yaml.safe_load(CITATION.read_text(encoding="utf-8"))
    where = f"{cited['repository-code']}, {cited['license']}"
    text = f"{cited['title']}, version {cited['version']}: {where}."
    return stated([text], [CITATION, LICENCE])


def trail(study: Finished) -> Fact | None:
    """Count the stored predictions."""
    files = [path for path in study.job.paths("predictions").values() if path.is_file()]
    text = (
        f"The probability of every scan and run is stored, in {len(files)} files; its threshold "
        "stands in metrics.json."
    )
    return stated([text] if files else [], files)


SUBJECTS = {
    "question": Subject("question", question),
    "metrics": Subject("metrics", metrics),
    "intervals": Subject("intervals", intervals),
    "threshold": Subject("thresholds", threshold),
    "comparisons": Subject("tests between models", comparisons),
    "performance": Subject("performance", performance),
    "own": Subject("testing on own sites", own),
    "unseen": Subject("testing on sites never seen", unseen),
    "heterogeneity": Subject("differences between sites", heterogeneity),
    "undefined": Subject("undefined results", undefined),
    "errors": Subject("examples of wrong calls", errors),
    "published": Subject("published numbers", published),
    "limits": Subject("limits", limits),
    "settings": Subject("settings", settings_file),
    "code": Subject("code", code),
    "trail": Subject("stored predictions", trail),
}
