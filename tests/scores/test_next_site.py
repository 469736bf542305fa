"""next_site: against Student's t, metafor's Q-profile, and draws from the same distributions."""

import numpy as np
import pytest
from scipy.stats import t as student

from elsewhere.scores.next_site import interval, possible

# van Houwelingen et al. 2002 (Stat Med 21:589): 13 trials of BCG, cases and
# others, with and without it
BCG = np.array(
    [
        *((4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619)),
        *((33, 5036, 47, 5761), (180, 1361, 372, 1079), (8, 2537, 10, 619)),
        *((505, 87886, 499, 87892), (29, 7470, 45, 7232), (17, 1699, 65, 1600)),
        *((186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825)),
    ]
)


@pytest.mark.parametrize("effects", [[0.0, 1.0, 3.0], [1.0, 1.2, 0.4, 2.0, 1.1, 0.9, 1.6]])
@pytest.mark.parametrize("confidence", [0.90, 0.95])
def test_sites_that_are_known_exactly_have_the_interval_of_one_more_observation(
    effects, confidence
):
    """Mean and t with k - 1 degrees of freedom, times s and the root of 1 + 1 / k."""
    values = np.array(effects)
    k = len(values)
    half = student.ppf((1 + confidence) / 2, k - 1) * values.std(ddof=1) * (1 + 1 / k) ** 0.5
    found = interval(possible(values, variances=np.full(k, 1e-9)), confidence=confidence)
    assert found == pytest.approx((values.mean() - half, values.mean() + half), rel=2e-3)


def test_the_variance_between_sites_has_the_limits_of_the_q_profile():
    """metafor, analyses:vanhouwelingen2002: 0.1302 to 1.1812 by log odds ratios."""
    a, b, c, d = BCG.T
    found = possible(np.log(a * d / (b * c)), variances=(1 / BCG).sum(axis=1))
    order = np.argsort(found.between)
    below = np.cumsum(found.weight[order]) - found.weight[order] / 2
    limits = np.interp([0.025, 0.975], below, found.between[order])
    assert limits == pytest.approx([0.1302, 1.1812], abs=2e-3)


def test_it_is_the_interval_of_drawn_pivots():
    """Monte Carlo of the same argument, its variances found by a search over a grid."""
    effects, variances = np.array([0.2, 1.5, 0.9, 2.4]), np.array([0.1, 0.3, 0.05, 0.6])
    rng = np.random.default_rng(0)
    grid = np.append(0, np.geomspace(1e-4, 1e4, 4000))
    weight = 1 / (variances + grid[:, None])
    mean = weight @ effects / weight.sum(axis=1)
    squares = (weight * (effects - mean[:, None]) ** 2).sum(axis=1)
    drawn = rng.chisquare(3, 100_000)
    place = np.searchsorted(-squares, -drawn).clip(0, len(grid) - 1)
    place[drawn >= squares[0]] = 0
    error = np.sqrt(grid + 1 / weight.sum(axis=1))[place]
    expected = np.quantile(mean[place] + error * rng.normal(size=len(drawn)), [0.025, 0.975])
    assert interval(possible(effects, variances=variances), confidence=0.95) == pytest.approx(
        expected, abs=0.05
    )


def test_equal_sites_leave_the_error_of_their_mean():
    found = possible(np.full(4, 1.0), variances=np.full(4, 0.04))
    assert (found.between == 0).all()
    assert interval(found, confidence=0.95) == pytest.approx((1 - 0.196, 1 + 0.196), abs=1e-4)
