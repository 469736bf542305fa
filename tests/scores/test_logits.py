import numpy as np
import pytest
from scipy.special import logit

from elsewhere.scores.logits import EDGE, Recalibration, logits


def test_probabilities_of_0_and_1_have_finite_logits_and_keep_their_order():
    found = logits(np.array([0.0, 0.5, 1.0]))
    assert np.isfinite(found).all()
    assert (np.diff(found) > 0).all()
    assert found[1] == 0


def test_probabilities_inside_the_edges_have_their_own_logits():
    inside = np.array([2 * EDGE, 0.2, 0.9, 1 - 2 * EDGE])
    assert logits(inside) == pytest.approx(logit(inside))


def test_a_recalibration_is_a_line_through_logits():
    """0.5 has logit 0; 0.8 the odds 4, whose square root is 2: a probability of 2/3."""
    half = Recalibration(0.0, 0.5)
    assert half.apply(np.array([0.5, 0.8])) == pytest.approx([1 / 2, 2 / 3])
    shifted = Recalibration(np.log(3), 1.0)
    assert shifted.apply(np.array([0.5])) == pytest.approx([3 / 4])
    assert shifted.moved(np.array([0.5])) == pytest.approx([np.log(3)])
