"""auc_width: how wide the interval of an AUC is, and how many patients a narrower one needs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from elsewhere.scores.delong import standard_error
from elsewhere.scores.intervals import z_value
from elsewhere.scores.single_models import ModelScans, mean_area

COLUMNS = (
    *("arm", "site", "n_patients", "n_scans", "n_positive", "auc", "low", "high", "width"),
    *("target", "wider", "design_effect", "expected_width", "patients_needed", "unit"),
    *("status", "reason"),
)
_MOST = 10**7  # patients; more than any study has
NO_VARIANCE = "an AUC of 0 or 1 has no expected width"


def expected_error(area: float, *, n: int, prevalence: float) -> float:
    """Return the standard error of an AUC that is expected of n independent scans.

    Newcombe 2006 (Stat Med 25:559), method 4, from the AUC and the numbers of both classes alone,
    as in the sample size of an external validation (Riley et al. 2021, Stat Med 40:4230).
    """
    of_class = n / 2 - 1
    spread = 1 + of_class * (1 - area) / (2 - area) + of_class * area / (1 + area)
    variance = area * (1 - area) * spread / (n * n * prevalence * (1 - prevalence))
    return math.sqrt(variance)


def needed(area: float, *, prevalence: float, width: float, confidence: float) -> int:
    """Return the least number of independent scans whose interval is expected to be this narrow.

    Raises
    ------
    ValueError
        If the AUC is 0 or 1, or the prevalence: no number is enough, or any.
    """
    if not 0 < area < 1 or not 0 < prevalence < 1:
        raise ValueError(f"AUC {area} and prevalence {prevalence} must lie between 0 and 1")
    aim = width / (2 * z_value(confidence))
    low, high = 2, _MOST  # the error falls with n
    while low < high:
        middle = (low + high) // 2
        enough = expected_error(area, n=middle, prevalence=prevalence) <= aim
        low, high = (low, middle) if enough else (middle + 1, high)
    return low


def design_effect(scans: float, *, correlation: float) -> float:
    """Return how many times the variance grows with so many correlated scans of each patient.

    It is 1 + (m - 1) rho (Kish 1965).
    """
    return 1 + (scans - 1) * correlation


def observed_effect(models: Sequence[ModelScans]) -> float | None:
    """Return the design effect of a cell's AUC: its variance by patient over that by scan.

    Both are of the mean over the single models, as the AUC is. Below 1 it is taken as 1: a
    negative correlation in few patients is no reason to need fewer. None where one of them is not
    defined.
    """
    of_scans = [model._replace(patients=model.scans) for model in models]
    areas = [mean_area(of) for of in (models, of_scans)]
    found = [standard_error(area.delong) for area in areas if area is not None]
    if len(found) < len(areas) or found[0] is None or found[1] is None:
        return None
    return max(1.0, (found[0] / found[1]) ** 2)


def row(
    pooled: Mapping[str, Any],
    *,
    effect: float | None,
    target: float,
    confidence: float,
) -> dict[str, Any]:
    """Return the columns of `COLUMNS` after arm and site.

    ``expected_width`` is that of as many patients with this AUC and prevalence, ``patients_needed``
    how many of them, with as many scans each, are expected to reach the target. Where patients
    cannot be counted, both are about images.

    Parameters
    ----------
    pooled
        Pooled numbers of a cell, from metrics.json.
    effect
        As from `observed_effect`; None: taken as 1.
    target
        Width of the interval that is aimed at.
    """
    keyed = pooled["n_patients"] is not None
    found = dict.fromkeys(COLUMNS[2:]) | {
        "n_patients": pooled["n_patients"],
        "n_scans": pooled["n_scans"],
        "n_positive": pooled["n_positive"],
        **{"auc": pooled["auc"], "low": pooled["auc_low"], "high": pooled["auc_high"]},
        **{"target": target, "design_effect": effect, "unit": "patient" if keyed else "image"},
    }
    if pooled["auc"] is None:
        return found | {"status": pooled["status"], "reason": pooled["reason"]}
    width = pooled["auc_high"] - pooled["auc_low"]
    found |= {"width": width, "wider": "yes" if width > target else "no"}
    if not 0 < pooled["auc"] < 1:
        return found | {"status": "ok", "reason": NO_VARIANCE}
    return found | _expected(pooled, effect or 1.0, target, confidence) | {"status": "ok"}


def _expected(
    pooled: Mapping[str, Any], effect: float, target: float, confidence: float
) -> dict[str, Any]:
    area, scans = pooled["auc"], pooled["n_scans"]
    prevalence = pooled["n_positive"] / scans
    error = expected_error(area, n=scans, prevalence=prevalence) * math.sqrt(effect)
    independent = needed(area, prevalence=prevalence, width=target, confidence=confidence)
    each = scans / (pooled["n_patients"] or scans)
    return {
        "expected_width": min(1.0, 2 * z_value(confidence) * error),
        "patients_needed": math.ceil(independent * effect / each),
    }


def sentences(
    cells: Sequence[Mapping[str, Any]], *, titles: Mapping[str, str], target: float | None
) -> Iterator[str]:
    """Say how many AUCs have an interval wider than the target, if any has.

    Parameters
    ----------
    cells
        metrics.json of every cell.
    titles
        Row of a site to its title; cells of several sites together are not counted.
    target
        Width that is aimed at; None: none is.
    """
    if target is None:
        return
    widths = [
        (cell["pooled"]["auc_high"] - cell["pooled"]["auc_low"], titles[cell["site"]])
        for cell in cells
        if cell["site"] in titles and cell["pooled"]["auc"] is not None
    ]
    wide = [one for one in widths if one[0] > target]
    if wide:
        width, site = max(wide)
        yield (
            f"{len(wide)} of {len(widths)} AUCs have an interval wider than {target:.2f}; the "
            f"widest, {width:.2f}, is at {site}: too few patients to tell models apart there."
        )
