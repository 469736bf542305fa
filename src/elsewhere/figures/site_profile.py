"""site_profile: what each site's scans are like: images, grey values, noise, slices, scanners."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from elsewhere.design.rows import Modality
from elsewhere.figures import style
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.scans import LUNG_WINDOW_HU, Scans
from elsewhere.imaging import store

TALL, PITCH = 1.3, 1.85
NAME, TILE, ACROSS, DOWN = 1.3, 0.64, 4, 2
GAP = 0.45
WIDTHS = {
    "images": TILE * ACROSS,
    "greys": 2.3,
    "noise": 1.5,
    "spacing_z_mm": 1.5,
    "n_slices": 1.5,
    "scanners": 1.9,
}
# A single image has no slices; noise in air and lung is measured in CT.
PANELS: Mapping[Modality, tuple[str, ...]] = {
    "volume": tuple(WIDTHS),
    "slice": ("images", "greys", "noise", "scanners"),
    "radiograph": ("images", "greys", "scanners"),
}
STRIPS = {"spacing_z_mm": "slice distance, mm", "n_slices": "slices"}
HEAD = 0.42
MOST_LINES = 60
HIDDEN = {"burned_in", "secondary_capture"}  # text in their pixels may name a patient


class SiteProfile(Figure):
    """How the scans of sites differ."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw a line per site."""
        draw(given.scans, folder, classes=given.settings.classes, policy=given.policy)
        return ["site_profile"]


def draw(
    scans: Mapping[str, Scans],
    folder: Path,
    *,
    classes: tuple[str, ...],
    policy: tuple[str, ...] = (),
) -> None:
    """Draw site_profile.png and .svg, a line per site.

    Parameters
    ----------
    scans
        Row of the site to its scans, in the order of the study. The montage shows the middle of
        the lungs of the first patients, so no face, and no scan that may have burned-in text.
    classes
        Names of the labels, from 0 (blue) and 1 (orange) on.
    policy
        Footnote on how labels were made of findings.
    """
    shown = _panels(scans.values())
    width = NAME + sum(WIDTHS[panel] + GAP for panel in shown)
    limits = _limits(scans)
    with style.look():
        page = style.sheet(
            "Site profiles: how the scans of sites differ",
            width=max(width, 6.4),
            height=HEAD + PITCH * len(scans),
            notes=(_note(classes, shown), *policy),
            synthetic=any(of_site.site.synthetic for of_site in scans.values()),
        )
        for line, of_site in enumerate(scans.values()):
            _line(page, of_site, HEAD + PITCH * line, shown=shown, limits=limits)
        style.save(page.figure, folder, "site_profile")


def _panels(scans: Iterable[Scans]) -> tuple[str, ...]:
    """Return the panels that any site has, in their order."""
    drawn = {panel for of_site in scans for panel in _own(of_site)}
    return tuple(panel for panel in WIDTHS if panel in drawn)


def _own(scans: Scans) -> tuple[str, ...]:
    return PANELS[scans.modality] if scans.modality else ()


def _note(classes: tuple[str, ...], shown: tuple[str, ...]) -> str:
    noise = (
        "Noise: standard deviation within small patches, in the same values; 0: air was replaced "
        "by one value. "
    )
    coloured = "; ".join(f"{style.NAMES[k]}: {name}" for k, name in enumerate(classes))
    where = "middle of the lungs" if "n_slices" in shown else "images"
    return (
        f"{coloured[0].upper()}{coloured[1:]}; a dot or a thin line per scan. Greys: "
        "share of voxels, in HU where the source has HU, else in its own values. "
        f"{noise if 'noise' in shown else ''}Montage: {where} of the first patients; scans flagged "
        "for burned-in text or as secondary captures are not shown."
    )


def _limits(scans: Mapping[str, Scans]) -> dict[str, tuple[float, float]]:
    """Return axis limits that all sites share, so that columns can be compared."""
    joined = pd.concat([of_site.table for of_site in scans.values()], ignore_index=True)
    limits = {}
    for name in STRIPS:
        most = joined[name].max() if len(joined) else float("nan")
        limits[name] = (0.0, 1.08 * float(most) if pd.notna(most) else 1.0)
    return limits


def _line(
    page: style.Sheet,
    scans: Scans,
    top: float,
    *,
    shown: tuple[str, ...],
    limits: Mapping[str, tuple[float, float]],
) -> None:
    title = "\n".join(textwrap.wrap(scans.site.title, 15, break_on_hyphens=False))
    page.text(0, top + TALL / 2, title, va="center", size=10.5, weight="bold")
    if scans.table.empty:
        page.text(NAME, top + TALL / 2, "no data here", va="center", color=style.MUTED)
        return
    left = NAME
    for panel in shown:
        if panel in _own(scans):
            _panel(page, scans, (left, top), panel=panel, limits=limits)
        left += WIDTHS[panel] + GAP


def _panel(
    page: style.Sheet,
    scans: Scans,
    at: tuple[float, float],
    *,
    panel: str,
    limits: Mapping[str, tuple[float, float]],
) -> None:
    if panel == "images":
        _montage(page, scans, at)
        return
    if panel == "scanners":
        page.text(*at, _scanners(scans.table), va="top", size=style.SMALL)
        return
    axes = page.box(*at, (WIDTHS[panel], TALL))
    if panel == "greys":
        _greys(axes, scans)
    elif panel == "noise":
        _noise(axes, scans.table)
    else:
        _strip(axes, scans.table, panel, limits[panel])
        axes.set_xlabel(STRIPS[panel], size=style.SMALL, labelpad=2)


def _montage(page: style.Sheet, scans: Scans, at: tuple[float, float]) -> None:
    safe = scans.table["flags"].str.split(";").map(HIDDEN.isdisjoint)
    shown = scans.table[safe].drop_duplicates("patient_id").head(ACROSS * DOWN)
    for number, scan in enumerate(shown.to_dict("records")):
        down, across = divmod(number, ACROSS)
        place = (at[0] + TILE * across, at[1] + TILE * down)
        axes = page.box(*place, (TILE - 0.02, TILE - 0.02))
        style.bare(axes)
        axes.set_facecolor("black")
        _slice(axes, scan, scans.volumes)
    if shown.empty:
        page.text(*at, "no image shown:\nevery scan is flagged", va="top", size=style.SMALL)


def _slice(axes: Axes, scan: Mapping[Any, Any], folder: Path) -> None:
    lungs = scan["lung_first"] >= 0
    middle = (scan["lung_first"] + scan["lung_last"]) // 2 if lungs else scan["n_slices"] // 2
    path = folder / f"{scan['scan_id']}{store.SUFFIX}"
    pixels = store.read(path, start=middle, stop=middle + 1)[0]
    in_hu = scan["value_scale"] == "HU"
    low, high = LUNG_WINDOW_HU if in_hu else (scan["value_min"], scan["value_max"])
    axes.imshow(pixels, cmap="gray", vmin=low, vmax=max(high, low + 1), interpolation="antialiased")
    axes.set_anchor("C")


def _greys(axes: Axes, scans: Scans) -> None:
    scale = scans.table["value_scale"].mode()[0]
    of_scale = scans.table[scans.table["value_scale"] == scale]
    middles = (scans.edges[scale][1:] + scans.edges[scale][:-1]) / 2
    step = max(1, len(of_scale) // MOST_LINES)
    for _, scan in of_scale.iloc[::step].iterrows():
        counts = scan["histogram"]
        shares = counts[1:-1] / max(1, counts.sum())  # the ends hold padding and all beyond
        axes.plot(middles[1:-1], shares, color=_colour(scan), linewidth=0.5, alpha=0.45)
    others = len(scans.table) - len(of_scale)
    axes.set_xlabel(
        scale + (f" ({others} scans have others)" if others else ""), size=style.SMALL, labelpad=2
    )
    axes.set_xlim(middles[0], middles[-1])
    axes.set_ylim(0, None)
    axes.set_yticks([])
    axes.tick_params(length=2, pad=2)


def _noise(axes: Axes, table: pd.DataFrame) -> None:
    for line, name in enumerate(("noise_air", "noise_lung")):
        known = table[table[name].notna()]
        for (_, scan), y in zip(known.iterrows(), _spread(len(known)), strict=True):
            axes.plot(scan[name], line + y, "o", color=_colour(scan), ms=2, alpha=0.6, mew=0)
        if known.empty:
            axes.text(0.02, line, "none found", va="center", size=style.SMALL, color=style.MUTED)
    axes.set_yticks([0, 1], ["air", "lung"])
    axes.set(ylim=(1.5, -0.5), xlim=(0, None))
    axes.set_xlabel("noise", size=style.SMALL, labelpad=2)
    axes.tick_params(length=2, pad=2)


def _strip(axes: Axes, table: pd.DataFrame, name: str, limits: tuple[float, float]) -> None:
    known = table[table[name].notna()]
    for (_, scan), y in zip(known.iterrows(), _spread(len(known)), strict=True):
        axes.plot(scan[name], y, "o", color=_colour(scan), ms=2, alpha=0.6, mew=0)
    if known.empty:
        axes.text(
            0.5,
            0.5,
            "unknown",
            transform=axes.transAxes,
            ha="center",
            va="center",
            size=style.SMALL,
            color=style.MUTED,
        )
    axes.set(xlim=limits, ylim=(-0.5, 0.5))
    axes.set_yticks([])
    axes.tick_params(length=2, pad=2)


def _spread(count: int) -> Iterator[float]:
    """Yield heights that keep dots apart, the same each time (golden ratio)."""
    return (0.7 * ((0.618034 * number) % 1 - 0.5) for number in range(count))


def _colour(scan: Any) -> str:
    if pd.isna(scan["label"]):
        return style.MUTED  # findings instead of a label
    return style.PALETTE[int(scan["label"]) % len(style.PALETTE)]


def _scanners(table: pd.DataFrame) -> str:
    lines = _peaks(table)
    counted = Counter(zip(table["manufacturer"], table["kernel"], strict=True))
    for names, scans in counted.most_common(6):
        known = " ".join(name for name in names if name != "unknown")
        lines += textwrap.wrap(f"{known or 'scanner unknown'}: {scans}", 30)
    if len(counted) > 6:
        lines.append(f"and {len(counted) - 6} more")
    return "\n".join(lines[:9])


def _peaks(table: pd.DataFrame) -> list[str]:
    """Return where air and soft tissue lie: how well the HU of a site are calibrated."""
    in_hu = table[table["value_scale"] == "HU"]
    if in_hu.empty:
        return []
    ends = {name: in_hu[f"{name}_peak"].dropna() for name in ("air", "tissue")}
    lines = [
        f"{name}: {peak.quantile(0.05):.0f} to {peak.quantile(0.95):.0f} HU"
        for name, peak in ends.items()
        if len(peak)
    ]
    doubtful = int((~in_hu["hu_believable"].astype(bool)).sum())
    return [*lines, *([f"not like HU: {doubtful}"] if doubtful else [])]
