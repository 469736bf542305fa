"""methods: a methods paragraph of a finished study, with its true numbers and its citations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from elsewhere.design.metric_rows import metric_row
from elsewhere.design.rows import InputRow
from elsewhere.evidence import cohort_facts, result_facts, training_facts
from elsewhere.evidence.fact import Fact, settings
from elsewhere.evidence.finished import Finished
from elsewhere.figures import style, words
from elsewhere.sites.layouts import layout_class

DRAFT = (
    "A draft from the settings and artefacts of the study. What they do not hold is missing: "
    "design, dates, eligibility at each hospital, how labels were set, ethics, funding. Add it."
)
# sources of methods that metrics and comparisons name, by the word that names them
SOURCES = {
    "DeLong": "DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988;44:837-845",
    "clustered": "Obuchowski NA. Biometrics 1997;53:567-578",
    "Wilson": "Wilson EB. J Am Stat Assoc 1927;22:209-212",
    "Newcombe": "Newcombe RG. Stat Med 2006;25:559-573",
    "MOVER": "Zou GY, Donner A. Stat Med 2008;27:1693-1702",
    "bootstrap": "Efron B, Tibshirani RJ. An Introduction to the Bootstrap. Chapman & Hall 1993",
    "Holm": "Holm S. Scand J Stat 1979;6:65-70",
    "Cramér": "Cramér H. Mathematical Methods of Statistics. Princeton University Press 1946",
}


def write(study: Finished) -> str:
    """Return the paragraph as Markdown: title, note, text by subject, sources."""
    text = "\n\n".join(
        f"**{title}.** {said}" for title, said in _subjects(study) if said
    )  # a subject without a word is left out
    band = [f"**{style.SYNTHETIC}.**"] if study.results.synthetic else []
    sources = "\n".join(f"- {source}" for source in sorted(_sources(study, text)))
    head = f"# Methods: {study.study.title}"
    return "\n\n".join([head, f"*{DRAFT}*", *band, text, "## Sources", sources]) + "\n"


def _subjects(study: Finished) -> Iterator[tuple[str, str]]:
    """Yield title and text of each subject, in the order of a methods section."""
    yield "Data", _data(study)
    yield "Eligibility", _of(cohort_facts.eligibility(study), cohort_facts.rejected(study))
    yield "Audit", _of(cohort_facts.shortcuts(study), cohort_facts.duplicates(study))
    yield "Partition", _of(cohort_facts.partition(study), cohort_facts.parts(study))
    yield "Preprocessing", " ".join(_prepared(row) for row in study.inputs().values())
    yield "Models", _models(study)
    yield "Training", " ".join(_trained(study))
    yield "Prediction", _of(training_facts.predicted(study), result_facts.threshold(study))
    yield "Statistics", _statistics(study)
    yield "Software", _of(training_facts.software(study), training_facts.cost(study))


def _of(*facts: Fact | None) -> str:
    return " ".join(fact.text for fact in facts if fact is not None)


def _data(study: Finished) -> str:
    results = study.first
    pooled = [cell.get("pooled") or {} for cell in map(results.column, results.columns)]
    tested = sum(numbers.get("n_scans") or 0 for numbers in pooled)
    tables = study.given.labelled.values()
    sizes = words.sizes(sum(map(_patients, tables)), sum(map(len, tables)))
    head = f"The study uses {sizes} from {len(results.columns)} sites; {tested:,} scans are tested."
    return f"{head} {_of(cohort_facts.sites(study), cohort_facts.cohort(study))}"


def _patients(scans: pd.DataFrame) -> int:
    """Count the patients of a site; where no keys are published, every scan counts as one."""
    return int(scans["patient_id"].nunique())


def _prepared(row: InputRow) -> str:
    """Describe an input: what is known of every kind, then all of its settings."""
    plain: dict[str, Any] = row.model_dump(mode="json")
    ends = [plain.get("clip_min_hu"), plain.get("clip_max_hu")]
    window = "Values were not clipped to a window" if ends == [None, None] else _window(ends)
    shape = " x ".join(map(str, row.shape))
    of = "channels, slices, rows, columns" if len(row.shape) == 4 else "channels, rows, columns"
    return f"{window}. Networks saw arrays of {shape} ({of}). Settings: {settings(plain)}."


def _window(ends: list[float | None]) -> str:
    low, high = ("no limit" if end is None else f"{end:g} HU" for end in ends)
    return f"Values were clipped to a window from {low} to {high}"


def _models(study: Finished) -> str:
    facts = training_facts.network(study), training_facts.method(study)
    arms = f"{len(study.trained())} arms were trained; {len(study.study.arms)} were evaluated, "
    return f"{arms}each on every site. {_of(*facts, training_facts.initial(study))}"


def _trained(study: Finished) -> Iterator[str]:
    for budget in study.budgets().values():
        row = budget.training
        yield (
            f"Models were trained for {row.iterations:,} iterations per {row.iterations_per} with "
            f"{row.optimizer} (learning rate {row.learning_rate:g}, weight decay "
            f"{row.weight_decay:g}, schedule {row.schedule.replace('_', ' ')}, batches of "
            f"{row.batch_size} scans, {row.precision} on {row.device}), and validated every "
            f"{row.validate_every:,} iterations."
        )
    yield _of(training_facts.selection(study), training_facts.augmentation(study))
    yield _of(training_facts.imbalance(study), training_facts.ensemble(study))


def _statistics(study: Finished) -> str:
    return _of(
        result_facts.metrics(study), result_facts.intervals(study), result_facts.comparisons(study)
    )


def _sources(study: Finished, text: str) -> set[str]:
    """Return what the text rests on: the study, the data sets, and the methods that it names."""
    named = " ".join([text, *(metric_row(name).interval for name in study.study.scoring.metrics)])
    found = {source for word, source in SOURCES.items() if word in named}
    rows = study.given.settings.sites.values()
    found |= {layout_class(site.layout).citation for site in rows
              if site.available and not site.synthetic}  # fmt: skip
    return found | {study.study.citation}
