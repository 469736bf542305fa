import numpy as np
import pytest

from elsewhere.scores.attribution import (
    CALIBRATION,
    CASE_MIX,
    PARTS,
    PREVALENCE,
    RANKING,
    THRESHOLD,
    Elsewhere,
    Home,
    Rates,
    of_accuracy,
    of_auc,
)

# the worked example: prevalence falls from .5 to .1, ranking gets worse, the threshold is too high
HOME = [Home(0.5, Rates(0.85, 0.85))]
LOCAL, MOVED = Rates(0.70, 0.75), Rates(0.40, 0.95)


def test_accuracy_rises_while_the_model_gets_worse():
    """Worked numbers: .85, .85, .745 and .895 from home to elsewhere."""
    parts = of_accuracy(HOME, Elsewhere(0.1, MOVED, local=LOCAL))
    assert parts[PREVALENCE] == pytest.approx(0.85 - 0.85, abs=1e-9)
    assert parts[RANKING] == pytest.approx(0.85 - 0.745)
    assert parts[THRESHOLD] == pytest.approx(0.745 - 0.895)
    assert (parts[CASE_MIX], parts[CALIBRATION]) == (None, None)


def test_balanced_accuracy_shows_it():
    """Worked numbers: .85, .725 and .675."""
    parts = of_accuracy(HOME, Elsewhere(0.1, MOVED, local=LOCAL), balanced=True)
    assert parts[PREVALENCE] == pytest.approx(0, abs=1e-9)
    assert parts[RANKING] == pytest.approx(0.85 - 0.725)
    assert parts[THRESHOLD] == pytest.approx(0.725 - 0.675)


@pytest.mark.parametrize("balanced", [False, True])
def test_the_parts_sum_to_the_fall_for_any_rates(balanced):
    rng = np.random.default_rng(1)

    def rates():
        return Rates(*rng.random((2, 50)))

    home = [Home(rng.random(50), rates(), rates()) for _ in range(3)]
    elsewhere = Elsewhere(rng.random(50), rates(), rates(), rates(), rates())
    parts = of_accuracy(home, elsewhere, balanced=balanced)

    def accuracy(site):
        return site.called.accuracy(0.5 if balanced else site.prevalence)

    fall = sum(map(accuracy, home)) / 3 - accuracy(elsewhere)
    assert np.allclose(sum(parts[name] for name in PARTS), fall)


def test_equal_rates_leave_prevalence_alone():
    same = Rates(0.9, 0.6)
    parts = of_accuracy(
        [Home(0.5, same, same)], Elsewhere(0.2, same, local=same, recalibrated=same, expected=same)
    )
    assert parts.pop(PREVALENCE) == pytest.approx(0.75 - 0.66)
    assert all(value == pytest.approx(0, abs=1e-12) for value in parts.values())


def test_a_site_without_validation_scans_of_both_classes_has_only_the_first_part():
    parts = of_accuracy(HOME, Elsewhere(0.1, MOVED))
    assert [name for name in PARTS if parts[name] is not None] == [PREVALENCE]


def test_case_mix_alone_can_explain_the_fall_of_an_auc():
    parts = of_auc([0.914855], 0.649254, expected=([0.914855], 0.649254))
    assert parts[CASE_MIX] == pytest.approx(0.265601)
    assert parts[RANKING] == pytest.approx(0, abs=1e-12)


def test_an_auc_falls_by_case_mix_and_ranking_only():
    parts = of_auc([0.9, 0.8], 0.6, expected=([0.9, 0.9], 0.85))
    assert parts[CASE_MIX] == pytest.approx(0.05)
    assert parts[RANKING] == pytest.approx(0.20)
    assert [parts[name] for name in (PREVALENCE, THRESHOLD, CALIBRATION)] == [0, 0, 0]
    assert of_auc([0.9], 0.6, expected=None)[RANKING] == pytest.approx(0.3)
