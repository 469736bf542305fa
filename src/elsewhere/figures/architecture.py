"""architecture: draws a network as boxes, one per level, with shapes and filter counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from elsewhere.design.arm import Arm
from elsewhere.figures import style
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given

Layer = Mapping[str, Any]
PITCH, MIDDLE, KINDS_TOP = 1.55, 1.3, 2.55
TALLEST = 1.5


@dataclass(frozen=True)
class Level:
    """Layers whose features have one extent: ``[z, y, x]``, ``[y, x]``, or none when dense."""

    extent: tuple[int, ...]
    layers: tuple[Layer, ...]

    @property
    def filters(self) -> list[int]:
        """Distinct numbers of filters of its convolutions or dense layers, in order of use."""
        counted = [layer["shape"][0] for layer in self.layers if _counts(layer["kind"])]
        return list(dict.fromkeys(counted or [self.layers[-1]["shape"][0]]))


class Architecture(Figure):
    """The networks that were trained, level by level."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw each network once."""
        return draw(given.records, folder, arms=given.settings.arms, synthetic=given.synthetic)


def draw(
    records: Mapping[str, Mapping[str, Any]],
    folder: Path,
    *,
    arms: Mapping[str, Arm],
    synthetic: bool,
) -> list[str]:
    """Draw every network of the study from its run records (A-60).

    Parameters
    ----------
    records
        "<arm>/<run>" to run.json; its ``architecture`` lists layers with ``kind``, ``shape``
        (channels first) and ``parameters``, in order of use. A run that was not made has none.
    arms
        The study's arms: which network each has.
    synthetic
        The runs saw synthetic sites.

    Returns
    -------
    list of str
        Names of the figures drawn: ``architecture_<network>``.
    """
    by_network: dict[str, Sequence[Layer]] = {}
    for key, record in records.items():
        network = arms[key.split("/")[0]].network
        if record.get("architecture"):
            by_network.setdefault(network, record["architecture"])
    for network, layers in by_network.items():
        _figure(levels(layers), folder / f"architecture_{network}", synthetic=synthetic)
    return [f"architecture_{network}" for network in by_network]


def levels(layers: Sequence[Layer]) -> list[Level]:
    """Group layers by the extent of their features; dense layers by their number of features."""
    grouped: dict[tuple[int, ...], list[Layer]] = {}
    for layer in layers:
        shape = tuple(layer["shape"])
        grouped.setdefault(shape[1:] if len(shape) > 1 else (-1, *shape), []).append(layer)
    return [
        Level(() if extent[0] == -1 else extent, tuple(members))
        for extent, members in grouped.items()
    ]


def _figure(network_levels: Sequence[Level], path: Path, *, synthetic: bool) -> None:
    network = path.name.removeprefix("architecture_")
    total = sum(layer["parameters"] for level in network_levels for layer in level.layers)
    lines = max(len(_kinds(level)) for level in network_levels)
    width = PITCH * len(network_levels)
    height = KINDS_TOP + 0.17 * lines + 0.05
    with style.look():
        page = style.sheet(
            f"Architecture of {network}: {total:,} trainable parameters",
            width=width,
            height=height,
            notes=(
                "Black: extent of the features, columns x rows x slices. Red: filters or features "
                "of the layers. Grey: how many layers of each kind, and trainable parameters.",
            ),
            synthetic=synthetic,
        )
        canvas = page.canvas(width, height)
        largest = max(log2(max((2, *level.extent))) for level in network_levels)
        for number, level in enumerate(network_levels):
            x = PITCH * (number + 0.5)
            half = _box(canvas, level, x, largest)
            if number:
                before = _half(network_levels[number - 1])
                canvas.annotate(
                    "",
                    (x - half - 0.05, MIDDLE),
                    (x - PITCH + before + 0.05, MIDDLE),
                    arrowprops={"arrowstyle": "-|>", "color": style.MUTED, "lw": 1.1},
                )
        style.save(page.figure, path.parent, path.name)


def _box(canvas: Axes, level: Level, x: float, largest: float) -> float:
    """Draw one level around x and return half the width of its box."""
    half = _half(level)
    tall = 0.34 + (TALLEST - 0.34) * (log2(max((2, *level.extent))) / largest)
    dense = not level.extent
    canvas.add_patch(
        FancyBboxPatch(
            (x - half, MIDDLE - tall / 2),
            2 * half,
            tall,
            boxstyle="round,pad=0,rounding_size=0.05",
            facecolor="#f3e3d3" if dense else "#d7e6f2",
            edgecolor=style.MUTED,
            linewidth=0.9,
        )
    )
    shape = " × ".join(str(size) for size in reversed(level.extent)) or "vector"
    top = MIDDLE - TALLEST / 2 - 0.3
    canvas.text(x, top, shape, ha="center", va="center", size=9.5, weight="bold")
    filters = level.filters
    counts = ", ".join(map(str, filters)) if len(filters) < 3 else f"up to {max(filters)}"
    below = MIDDLE + TALLEST / 2 + 0.2
    canvas.text(x, below, counts, ha="center", va="center", size=11, color=style.RED, weight="bold")
    look: Any = {"ha": "center", "va": "center", "size": 7.5, "color": style.MUTED}
    for number, line in enumerate(_kinds(level)):
        canvas.text(x, KINDS_TOP + 0.17 * number, line, **look)
    return half


def _half(level: Level) -> float:
    return 0.12 + 0.028 * log2(max(level.filters))


def _kinds(level: Level) -> list[str]:
    counted = Counter(layer["kind"] for layer in level.layers)
    lines = [f"{times} × {kind}" for kind, times in counted.items()]
    return [*lines, f"{sum(layer['parameters'] for layer in level.layers):,} parameters"]


def _counts(kind: str) -> bool:
    return kind.startswith(("Conv", "Linear"))
