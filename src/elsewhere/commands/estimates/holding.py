"""holding: how many scans a site of a study holds, of what size, and in which parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from elsewhere.design import known, paths
from elsewhere.design.amount import Amount, between, exactly, total, unknown
from elsewhere.design.params import Params
from elsewhere.figures import paper

PARTS = ("train", "validation", "test")
CT_PIXELS = 512 * 512  # of a slice whose number alone is declared
INGEST = "say `elsewhere ingest {}` first"


@dataclass(frozen=True)
class Holding:
    """The scans of one site.

    Attributes
    ----------
    name, row
        The study's own name of the site, and its row of `sites`.
    scans
        Number of scans.
    slices, voxels
        Of all scans together, as `ingest` stores them.
    parts
        Scans of ``train``, ``validation`` and ``test`` in one fold.
    """

    name: str
    row: str
    scans: Amount
    slices: Amount
    voxels: Amount
    parts: Mapping[str, Amount]


def holdings(
    params: Params, study: str, *, slices: Sequence[float] | None = None
) -> dict[str, Holding]:
    """Return the sites of a study at the present scale, by row of `sites`.

    A number is that of the manifest; where there is none yet, that of the paper or the publisher.

    Parameters
    ----------
    params
        At the scale that is asked about.
    study
        Name of the study.
    slices
        Least and most slices of a CT scan of which nobody states any, if the user declares them.
    """
    found = {}
    for name, row in params.scale_of(study).sites.items():
        table = Path(paths.scans(row)["manifest"])
        holding = _counted if table.is_file() else _stated
        scans, of_slices, voxels = holding(params, study, (name, row), slices)
        parts = {part: _part(params, study, (name, row), part) for part in PARTS}
        for part, amount in parts.items():
            if not amount.known:
                parts[part] = _whole(_share(params, study, name, part).times(scans))
        found[row] = Holding(name, row, scans, of_slices, voxels, parts)
    return found


Sizes = tuple[Amount, Amount, Amount]


def _counted(
    _params: Params, _study: str, site: tuple[str, str], _slices: Sequence[float] | None
) -> Sizes:
    """Return scans, slices and voxels of the manifest."""
    path = paths.scans(site[1])["manifest"]
    columns = ["n_slices", "rows", "columns"]
    sizes = pd.read_parquet(path, columns=columns).astype("int64")
    voxels = sizes.prod(axis=1).sum() if len(sizes) else 0
    source = "manifest"
    return (
        exactly(len(sizes), source),
        exactly(int(sizes["n_slices"].sum()), source),
        exactly(int(voxels), source),
    )


def _stated(
    params: Params, study: str, site: tuple[str, str], slices: Sequence[float] | None
) -> Sizes:
    """Return scans, slices and voxels as paper, publisher or user state them."""
    name, row = site
    scans = known.site(row, "scans") or _published(params, study, name, "all")
    if not scans.known:
        return scans, scans, scans
    lacking = unknown(f"slices of a scan are not stated; {INGEST.format(row)}, or give --slices")
    of_scan, pixels = known.site(row, "slices"), known.site(row, "pixels")
    if of_scan is None and slices is not None:
        of_scan = between(slices, "--slices, 512 x 512")
        pixels = exactly(CT_PIXELS, "")
    if of_scan is None:
        return scans, lacking, lacking
    if pixels is None:
        pixels = unknown(f"the size of its images is not stated; {INGEST.format(row)}")
    return scans, scans.times(of_scan), scans.times(of_scan).times(pixels)


def _published(params: Params, study: str, name: str, part: str) -> Amount:
    """Return the published scans of a part of a site: of a study by class, their sum."""
    row = params.scale_of(study).sites[name]
    if params.sites[row].synthetic:
        return unknown(f"not written yet; say `elsewhere phantom`, then {INGEST.format(row)[4:]}")
    listed = paper.counts(params.studies[study].published)
    used = params.sites[row].options.get("parts", [])
    # of some publishers one part alone is used: all its scans are what the site holds
    wanted = used[0] if part == "all" and used == ["test"] else part
    counts = [
        one
        for one in listed
        if one["site"] == name and one["part"] == wanted and one["quantity"].endswith("scans")
    ]
    if not counts:
        return unknown(f"the paper states no number of scans; {INGEST.format(row)}")
    numbers = ", ".join(dict.fromkeys(one["requirement"] for one in counts))
    return exactly(sum(float(one["value"]) for one in counts), f"published: {numbers}")


def _part(params: Params, study: str, site: tuple[str, str], part: str) -> Amount:
    """Return the scans of a part, of the split where it is made, else of the paper."""
    name, row = site
    table = Path(paths.split(study, row))
    if table.is_file() and Path(paths.scans(row)["manifest"]).is_file():
        split = pd.read_csv(table, usecols=["fold", "part"])
        count = int((split["part"] == part).sum()) / max(1, split["fold"].nunique())
        return exactly(count, "split")
    if name in params.studies[study].external:
        return _share(params, study, name, part).times(_published(params, study, name, "all"))
    return _published(params, study, name, part)


def _share(params: Params, study: str, name: str, part: str) -> Amount:
    """Return the share of a part of a site's scans, as the settings of the split declare it."""
    split, source = params.split_of(study), "shares of the split"
    if name in params.studies[study].external:
        return exactly(float(part == "test"), "external: all are tested")
    test = 1 / split.folds if split.kind == "folds" else split.test
    validation = (1 - test) / split.folds if split.kind == "fixed_test" else split.validation
    shares = {"test": test, "validation": validation, "train": 1 - test - validation}
    return exactly(shares[part], source)


def _whole(amount: Amount) -> Amount:
    """Return an amount of whole scans."""
    return between([round(end) for end in amount.ends()], amount.source) if amount.known else amount


def together(
    of: Mapping[str, Holding], rows: Sequence[str], *, parts: Sequence[str] = PARTS
) -> Amount:
    """Return the scans of some parts of some sites together; unknown if one is."""
    named = [(row, of[row].parts[part]) for row in rows for part in parts]
    found = total(named)
    if found.lacking:
        return next(amount for _, amount in named if not amount.known)
    return found.amount
