"""new_site: pools AUCs of several sites, and says what to expect at a site that is not among them.

Sites differ by more than chance, so that each has its own true AUC, drawn from a distribution of
sites (a random-effects model on the logit scale).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit, logit
from scipy.stats import t as student
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.tools.sm_exceptions import InvalidTestWarning

from elsewhere.scores import next_site
from elsewhere.scores.discrimination import Floats
from elsewhere.scores.intervals import z_value

FEWEST = 3  # with two, hardly anything is known of how much sites differ
UNSEEN, ALL = "never seen", "all"
COLUMNS = (
    *("arm", "sites", "which", "n_sites", "auc", "low", "high", "new_low", "new_high"),
    *("tau", "q", "i_squared", "confidence", "corrected", "left_out", "status", "reason"),
)


class Known(NamedTuple):
    """AUC of a site, with what says how sure it is.

    Attributes
    ----------
    site, auc
        Name and AUC.
    error
        Its standard error; None where it has none.
    low, high
        Its interval at the confidence of the study.
    patients
        Positive patients, and patients without a positive scan; images where a site has no keys.
    """

    site: str
    auc: float
    error: float | None
    low: float
    high: float
    patients: tuple[int, int]

    @property
    def plain(self) -> bool:
        """Whether the AUC has a logit and a standard error as it is."""
        return bool(self.error) and 0 < self.auc < 1


def corrected(site: Known, *, confidence: float) -> tuple[float, float] | None:
    """Return an AUC with a logit, and its standard error, of a site that lacks one of them.

    An AUC of 1 would be left out for being good, and one of 0 for being bad. Half a pair of a
    positive and a negative patient counts as in the wrong order, so that 1 becomes 1 - 1 / (2 m n).
    The standard error is the one that the site's own interval implies on the logit scale: of the
    side that has a limit below 1 and above 0, or the mean of both.

    Parameters
    ----------
    confidence
        Of the site's interval.

    Returns
    -------
    tuple or None
        None where the interval tells nothing: it reaches both 0 and 1, or has no width.
    """
    half = 1 / (2 * max(1, site.patients[0]) * max(1, site.patients[1]))
    area = min(max(site.auc, half), 1 - half)
    sides = [
        abs(float(logit(area) - logit(limit))) for limit in (site.low, site.high) if 0 < limit < 1
    ]
    if not sides or not sum(sides):
        return None
    error = sum(sides) / len(sides) / z_value(confidence)
    return area, error * area * (1 - area)


@dataclass(frozen=True)
class Pooled:
    """AUCs of sites, pooled.

    Attributes
    ----------
    auc, low, high
        Mean over the distribution of sites, with the interval of Hartung and Knapp.
    new_low, new_high
        In which the true AUC of the next site lies with the confidence that was asked for.
    tau
        Standard deviation of the true AUCs of sites, on the logit scale (DerSimonian and Laird).
    q, i_squared
        Cochran's Q, and the share of the variance between sites that is more than chance.
    """

    auc: float
    low: float
    high: float
    new_low: float
    new_high: float
    tau: float
    q: float
    i_squared: float


def pooled(areas: Floats, *, errors: Floats, confidence: float) -> Pooled:
    """Pool AUCs of sites whose patients differ.

    Logits of AUCs are pooled by random effects with DerSimonian and Laird's (1986) variance between
    sites; their mean has the t interval of Hartung and Knapp (2001), k - 1 degrees of freedom, and
    where no variance between sites is found one that is not narrower than without them. The
    interval of a new site is that of `next_site`, and at least as wide. It is about the true AUC
    there: that of a sample of patients varies more.

    Parameters
    ----------
    areas, errors
        AUC and standard error of each site [k], AUCs within 0..1 and not at its ends.

    Raises
    ------
    ValueError
        If there are fewer than three sites.
    """
    k = len(areas)
    if k < FEWEST:
        raise ValueError(f"got {k} sites; a new site needs at least {FEWEST}")
    effects, variances = logit(areas), (errors / (areas * (1 - areas))) ** 2
    # of single sites' intervals, which are not used; a negative variance has no root
    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        warnings.simplefilter("ignore", InvalidTestWarning)
        found = combine_effects(effects, variances, method_re="dl", use_t=True)
    q, tau2 = float(found.q), max(0.0, float(found.tau2))  # statsmodels leaves it below 0
    mean, knapp = float(found.mean_effect_re), found.sd_eff_w_re_hksj
    if tau2 == 0:
        mean, knapp = float(found.mean_effect_fe), max(found.sd_eff_w_fe, found.sd_eff_w_fe_hksj)
    half = student.ppf((1 + confidence) / 2, k - 1) * knapp
    new = next_site.interval(
        next_site.possible(effects, variances=variances), confidence=confidence
    )
    ends = mean, mean - half, mean + half, min(new[0], mean - half), max(new[1], mean + half)
    area, low, high, new_low, new_high = (float(expit(end)) for end in ends)
    excess = max(0.0, 1 - (k - 1) / q) if q > 0 else 0.0
    return Pooled(area, low, high, new_low, new_high, tau=tau2**0.5, q=q, i_squared=excess)


def row(known: Sequence[Known], *, about: Mapping[str, Any], confidence: float) -> dict[str, Any]:
    """Return a row of `COLUMNS`; undefined with a reason where fewer than three sites can be used.

    Parameters
    ----------
    known
        Sites with an AUC. One without a standard error, or with an AUC of 0 or 1, which has no
        logit, is `corrected`, and named.
    about
        ``arm`` and ``which``.
    """
    usable, left, moved = [], [], []
    for one in known:
        found = (one.auc, one.error) if one.plain else corrected(one, confidence=confidence)
        if found is None:
            left.append(one.site)
            continue
        usable.append((one.site, *found))
        moved += [] if one.plain else [one.site]
    base: dict[str, Any] = {**dict.fromkeys(COLUMNS), **about} | {
        "n_sites": len(usable),
        "confidence": confidence,
        "sites": "+".join(site for site, *_ in usable),
        "corrected": "+".join(moved),
        "left_out": "+".join(left),
    }
    if len(usable) < FEWEST:
        why = f"{len(usable)} sites with an AUC and an interval; at least {FEWEST} are needed"
        return base | {"status": "undefined", "reason": why}
    areas, errors = np.array([one[1:] for one in usable], dtype=np.float64).T
    return base | {"status": "ok"} | asdict(pooled(areas, errors=errors, confidence=confidence))
