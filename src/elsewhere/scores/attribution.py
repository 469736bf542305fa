"""attribution: splits the fall of accuracy and AUC between a model's own sites and another site.

Every number here may also be an array of resampled values [b]; the parts then are arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

PREVALENCE, CASE_MIX, RANKING = "prevalence", "case_mix", "ranking"
THRESHOLD, CALIBRATION = "threshold", "calibration"
PARTS = (PREVALENCE, CASE_MIX, RANKING, THRESHOLD, CALIBRATION)
HALF = 0.5  # with this prevalence accuracy is balanced accuracy


class Rates(NamedTuple):
    """Sensitivity and specificity of one way of calling scans."""

    sensitivity: Any
    specificity: Any

    def accuracy(self, prevalence: Any) -> Any:
        """Return the share of right calls at this prevalence."""
        return prevalence * self.sensitivity + (1 - prevalence) * self.specificity


@dataclass(frozen=True)
class Home:
    """One of a model's own sites.

    Attributes
    ----------
    prevalence
        Share of positive test scans.
    called
        At the model's threshold.
    expected
        The same if the recalibrated probabilities were right; None where there are none.
    """

    prevalence: Any
    called: Rates
    expected: Rates | None = None


@dataclass(frozen=True)
class Elsewhere:
    """A site that the model never saw.

    Attributes
    ----------
    prevalence, called, expected
        As of `Home`.
    local
        At a threshold that was chosen on the site's own validation part.
    recalibrated
        At the model's threshold, after its probabilities were recalibrated on that part; None where
        they were not.
    """

    prevalence: Any
    called: Rates
    local: Rates | None = None
    recalibrated: Rates | None = None
    expected: Rates | None = None


def of_accuracy(
    home: Sequence[Home], elsewhere: Elsewhere, *, balanced: bool = False
) -> dict[str, Any]:
    """Split accuracy at home minus accuracy elsewhere into `PARTS`, which sum to it.

    One thing is changed at a time, from home to elsewhere, and in this order:

    1. prevalence: home's sensitivity and specificity at the prevalence elsewhere;
    2. case mix: what is expected if the recalibrated probabilities are right at both places;
    3. ranking: the rest up to the calls at a threshold that was chosen elsewhere;
    4. threshold: the model's threshold in its place, on recalibrated probabilities;
    5. calibration: the same threshold on the probabilities as they are.

    Parameters
    ----------
    home
        The model's own sites, each with equal weight.
    elsewhere
        The other site.
    balanced
        Take the prevalence as one half everywhere, which makes it balanced accuracy.

    Returns
    -------
    dict
        A part that lacks its rates is None: without `expected`, ranking has case mix in it, and
        without `recalibrated`, threshold has calibration in it.
    """
    there = HALF if balanced else elsewhere.prevalence
    at_home = _mean([site.called.accuracy(HALF if balanced else site.prevalence) for site in home])
    moved = _mean([site.called.accuracy(there) for site in home])
    parts: dict[str, Any] = {**dict.fromkeys(PARTS), PREVALENCE: at_home - moved}
    local, again = elsewhere.local, elsewhere.recalibrated
    if local is not None:
        parts[CASE_MIX] = _expected_fall(home, elsewhere, there)
        mixed = 0.0 if parts[CASE_MIX] is None else parts[CASE_MIX]
        parts[RANKING] = moved - local.accuracy(there) - mixed
        if again is not None:
            parts[THRESHOLD] = local.accuracy(there) - again.accuracy(there)
            parts[CALIBRATION] = again.accuracy(there) - elsewhere.called.accuracy(there)
        else:
            parts[THRESHOLD] = local.accuracy(there) - elsewhere.called.accuracy(there)
    return parts


def of_auc(
    home: Sequence[Any], elsewhere: Any, *, expected: tuple[Sequence[Any], Any] | None
) -> dict[str, Any]:
    """Split AUC at home minus AUC elsewhere into case mix and ranking, which sum to it.

    Prevalence, a threshold and any recalibration that keeps the order of scans leave an AUC as it
    is: these parts are 0. Case mix is the fall of the concordance that is expected of the
    recalibrated probabilities (van Klaveren et al. 2016).

    Parameters
    ----------
    home, elsewhere
        AUC at each own site, and elsewhere.
    expected
        Model-based concordance at each own site, and elsewhere; None where there is none: ranking
        then has case mix in it.
    """
    none = dict.fromkeys((PREVALENCE, THRESHOLD, CALIBRATION), 0.0)
    fall = _mean(home) - elsewhere
    if expected is None:
        return {name: {**none, CASE_MIX: None, RANKING: fall}[name] for name in PARTS}
    mixed = _mean(expected[0]) - expected[1]
    return {name: {**none, CASE_MIX: mixed, RANKING: fall - mixed}[name] for name in PARTS}


def _expected_fall(home: Sequence[Home], elsewhere: Elsewhere, prevalence: Any) -> Any:
    if elsewhere.expected is None or any(site.expected is None for site in home):
        return None
    at_home = [site.expected.accuracy(prevalence) for site in home if site.expected is not None]
    return _mean(at_home) - elsewhere.expected.accuracy(prevalence)


def _mean(values: Sequence[Any]) -> Any:
    return sum(values) / len(values)
