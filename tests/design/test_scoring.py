"""scoring: the metrics of a study are known, each once, and the matrix has its AUC."""

import pytest
from pydantic import ValidationError

from elsewhere.design.scoring import STANDARD, Scoring

ROW = {"threshold_from": "argmax", "confidence": 0.95, "bootstrap": 10, "seed": 0}


def test_the_usual_metrics_are_there_unless_a_study_names_others() -> None:
    assert Scoring.model_validate(ROW).metrics == STANDARD
    more = Scoring.model_validate({**ROW, "metrics": ["standard", "youden"]})
    assert more.metrics == (*STANDARD, "youden")
    assert Scoring.model_validate({**ROW, "metrics": ["auc"]}).metrics == ("auc",)


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        (["auc", "kappa"], "there is no 'kappa' in metrics; choose from standard, "),
        (["auc", "auc"], "auc of metrics stands twice"),
        (["accuracy"], "auc is missing"),
        ([], "at least 1"),
    ],
)
def test_other_lists_are_refused(metrics: list[str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Scoring.model_validate({**ROW, "metrics": metrics})


@pytest.mark.parametrize("limits", [[0.5, 0.05], [0.2, 0.2], [0.001, 0.5], [0.1, 0.999], [0, 0.5]])
def test_a_range_of_thresholds_ascends_in_hundredths(limits: list[float]) -> None:
    with pytest.raises(ValidationError):
        Scoring.model_validate({**ROW, "net_benefit_range": limits})


@pytest.mark.parametrize("prevalences", [[], [0.0], [0.2, 1.0]])
def test_prevalences_lie_between_0_and_1(prevalences: list[float]) -> None:
    with pytest.raises(ValidationError):
        Scoring.model_validate({**ROW, "prevalences": prevalences})
