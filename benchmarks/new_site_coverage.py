"""new_site_coverage: how often the interval of a new site holds its true AUC, by simulation."""

from __future__ import annotations

import argparse
import datetime
import time
from collections import defaultdict
from collections.abc import Mapping

import numpy as np
from interval_coverage import WITHIN, Held, covered, table
from scipy.special import expit
from scipy.stats import norm

from elsewhere.scores.delong import delong
from elsewhere.scores.intervals import auc_interval
from elsewhere.scores.new_site import Known, row
from results import machine, write_section

HEADING = "## Coverage of what to expect at a new site"
MEAN = 1.2  # logit of the AUC, 0.77
SPREADS = (0.6, 0.2)  # standard deviation of the logits of true AUCs
SITES = (3, 4, 6, 9)
SIZES = ((10, 40), (15, 15), (100, 100))  # patients with and without the disease
CONFIDENCE = 0.95


def tested(name: str, true: float, size: tuple[int, int], dice: np.random.Generator) -> Known:
    """Draw a site's patients, a scan each, whose scores are normal, and judge them as a cell is."""
    labels = np.repeat([1, 0], size)
    scores = dice.normal(size=len(labels)) + 2**0.5 * norm.ppf(true) * labels
    found = delong(labels, scores=scores[None], patients=np.arange(len(labels)))
    spread = found.spread(np.eye(1)[0])
    low, high, _ = auc_interval(found, confidence=CONFIDENCE)
    error = None if spread is None else spread.variance**0.5
    return Known(name, float(found.auc[0]), error, low, high, size)


def coverage(
    sites: int, spread: float, size: tuple[int, int], times: int
) -> Mapping[str, list[Held]]:
    """Return `Held` of the mean over sites and of the next site."""
    dice = np.random.default_rng((sites, int(10 * spread), *size))
    found: dict[str, list[Held]] = defaultdict(list)
    for _ in range(times):
        *true, following = expit(dice.normal(MEAN, spread, sites + 1))
        known = [tested(str(n), area, size, dice) for n, area in enumerate(true)]
        of = row(known, about={}, confidence=CONFIDENCE)
        if of["status"] == "ok":
            for name, low, high, truth in (
                ("mean over sites", of["low"], of["high"], expit(MEAN)),
                ("next site", of["new_low"], of["new_high"], following),
            ):
                found[name].append(Held(low <= truth <= high, high - low))
    return found


def about(times: int) -> str:
    error = (0.95 * 0.05 / times) ** 0.5
    return (
        f"`python benchmarks/new_site_coverage.py`, {datetime.date.today()}, {machine()}.\n"
        f"{times:,} simulations of each cell, in which an error of coverage is {error:.3f}; "
        "intervals at 0.95: coverage and, in brackets, median width. Bold: coverage below "
        f"{WITHIN[0]:.0%}; italic: above {WITHIN[1]:.0%}. Logits of true AUCs are normal with mean "
        f"{MEAN} and the standard deviation between sites of the row; each site has as many "
        "patients with and without the disease as the row says, and its AUC, standard error and "
        "interval are those of a cell. Where sites hardly differ the intervals are wider than they "
        "had to be: of so few sites that cannot be known.\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1000, help="simulations of each cell")
    times = parser.parse_args().times
    cells: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for size in SIZES:
        for spread in SPREADS:
            line = f"{size[0]} and {size[1]} patients, {spread} between sites"
            for sites in SITES:
                for name, held in coverage(sites, spread, size, times).items():
                    cells[name][line][f"{sites} sites"] = covered(held)
        print(f"{size}: {time.process_time():.0f} s of processors", flush=True)
    columns = [f"{sites} sites" for sites in SITES]
    text = "\n".join("\n".join(["", *table(name, columns, of)]) for name, of in cells.items())
    write_section(HEADING, f"{HEADING}\n\n{about(times)}{text}\n")


if __name__ == "__main__":
    main()
