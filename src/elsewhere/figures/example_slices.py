"""example_slices: draws axial slices of each site and label, to compare sites by eye."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from math import hypot
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from elsewhere.design.site import Site
from elsewhere.figures import style
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.scans import LUNG_WINDOW_HU, Lesions, Scans, lesions
from elsewhere.imaging import store

SIDE, PITCH = 1.7, 1.78
LABELS, HEAD, CLASS_GAP = 1.55, 0.34, 0.16
EXAMPLES = 2
ARROW_POINTS = 17.0


class ExampleSlices(Figure):
    """Example scans of each site and class."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw the first patients of each class."""
        outlined = {row: lesions(path) for row, path in given.job.paths("outlined").items()}
        classes, policy = given.settings.classes, given.policy
        draw(given.scans, folder, classes=classes, outlined=outlined, policy=policy)
        return ["example_slices"]


def draw(
    scans: Mapping[str, Scans],
    folder: Path,
    *,
    classes: tuple[str, ...],
    outlined: Mapping[str, Mapping[str, Lesions]],
    policy: tuple[str, ...] = (),
) -> None:
    """Draw the middle slice of two patients of each label, sites as rows (A-59, D-43).

    Where lesions are outlined, it is the slice with most of them, and arrows point to the largest.
    Data in HU are shown in the lung window (level -600, width 1500 HU), other data over the full
    range of the scan. The patients are the first of the manifest, so none is selected.

    Parameters
    ----------
    scans
        Row of the site to its scans, in the order of the study.
    classes
        Names of the labels, from 0 on.
    outlined
        Row of the site to the lesions of its scans, by scan id, where they are outlined.
    policy
        Footnote on how labels were made of findings.
    """
    width = _left(len(classes) - 1, EXAMPLES)
    with style.look():
        page = style.sheet(
            "What the scans look like",
            width=width,
            height=HEAD + PITCH * len(scans),
            notes=(
                f"{_window(scans)}The first two patients of each class, not chosen by eye.",
                *_arrows(scans, outlined),
                *policy,
            ),
            synthetic=any(site_scans.site.synthetic for site_scans in scans.values()),
        )
        for label, name in enumerate(classes):
            middle = _left(label, 0) + PITCH * EXAMPLES / 2
            page.text(middle, 0.12, name, ha="center", va="center", weight="bold", size=10.5)
        for line, (row, site_scans) in enumerate(scans.items()):
            top = HEAD + PITCH * line
            title = "\n".join(textwrap.wrap(site_scans.site.title, 15, break_on_hyphens=False))
            page.text(LABELS - 0.15, top + SIDE / 2, title, ha="right", va="center", size=10.5)
            for label in range(len(classes)):
                chosen = _choose(site_scans.table, label)
                for number in range(EXAMPLES):
                    axes = page.box(_left(label, number), top, (SIDE, SIDE))
                    style.bare(axes)
                    if number < len(chosen):
                        _slice(axes, chosen[number], site_scans, outlined.get(row, {}))
                    else:
                        _nothing(axes, site_scans.site, any_scan=bool(chosen))
        style.save(page.figure, folder, "example_slices")


def _window(scans: Mapping[str, Scans]) -> str:
    """Return which slice and which grey values are shown, as sentences."""
    volumes = any(of_site.modality == "volume" for of_site in scans.values())
    in_hu = any((of_site.table["value_scale"] == "HU").any() for of_site in scans.values())
    slice_shown = "Of a volume the middle axial slice. " if volumes else ""
    if not in_hu:
        return f"{slice_shown}Grey values: full range of the scan. "
    return (
        f"{slice_shown}Data in HU: lung window, level -600, width 1500 HU. Other data: full range "
        "of the scan. "
    )


def _arrows(
    scans: Mapping[str, Scans], outlined: Mapping[str, Mapping[str, Lesions]]
) -> tuple[str, ...]:
    """Return where the arrows come from, as a note; none where no lesion is outlined."""
    titles = [of_site.site.title for row, of_site in scans.items() if outlined.get(row)]
    if not titles:
        return ()
    where = "" if len(titles) == len(scans) else f" of {', '.join(titles)}"
    return (
        f"Red arrows: the largest lesions in the masks{where} (a synthetic site's are those that "
        "were put into its scans), in the slice with most of them. Scans without a mask have no "
        "arrows.",
    )


def _left(label: int, number: int) -> float:
    return LABELS + PITCH * (label * EXAMPLES + number) + CLASS_GAP * label


def _choose(scans: pd.DataFrame, label: int) -> list[dict[str, Any]]:
    """Return the first scans of this label, one per patient."""
    of_label = scans[scans["label"] == label].drop_duplicates("patient_id").head(EXAMPLES)
    return [{str(key): value for key, value in row.items()} for row in of_label.to_dict("records")]


def _slice(
    axes: Axes, scan: Mapping[str, Any], of_site: Scans, outlined: Mapping[str, Lesions]
) -> None:
    shown = outlined.get(scan["scan_id"], Lesions(scan["n_slices"] // 2, ()))
    path = of_site.volumes / f"{scan['scan_id']}{store.SUFFIX}"
    pixels = store.read(path, start=shown.slice, stop=shown.slice + 1)[0]
    in_hu = scan["value_scale"] == "HU"
    low, high = LUNG_WINDOW_HU if in_hu else (scan["value_min"], scan["value_max"])
    tall, wide = (scan[f"spacing_{axis}_mm"] for axis in "yx")
    axes.set_facecolor("black")
    axes.imshow(
        pixels,
        cmap="gray",
        vmin=low,
        vmax=max(high, low + 1),
        aspect=1.0 if pd.isna(tall) or pd.isna(wide) else tall / wide,
        interpolation="nearest" if max(pixels.shape) < 160 else "antialiased",
    )
    axes.set_anchor("C")
    for place in shown.at:
        _arrow(axes, place, pixels.shape)


def _arrow(axes: Axes, place: tuple[int, int], shape: tuple[int, ...]) -> None:
    """Draw an arrow to a place, from the side of the middle of the image."""
    down, right = (length / 2 - at for at, length in zip(place, shape, strict=True))
    far = hypot(down, right) or 1.0
    axes.annotate(
        "",
        (place[1], place[0]),
        (ARROW_POINTS * right / far, -ARROW_POINTS * down / far),
        textcoords="offset points",
        arrowprops={
            "arrowstyle": "-|>", "color": style.RED, "lw": 1.3, "shrinkA": 0, "shrinkB": 0,
            "mutation_scale": 9,
        },
    )  # fmt: skip


def _nothing(axes: Axes, site: Site, *, any_scan: bool) -> None:
    axes.add_patch(style.swatch("hatched", (0, 0), (1, 1)))
    words = "no second patient" if any_scan else "no such scan"
    axes.text(
        0.5,
        0.5,
        words if site.available else "no data here",
        ha="center",
        va="center",
        size=style.SMALL,
        bbox={"facecolor": style.PALE, "edgecolor": "none", "pad": 2},
    )
