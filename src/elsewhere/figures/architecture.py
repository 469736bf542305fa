"""architecture: draws networks as boxes, one per level: those of the paper and of the runs."""

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
from elsewhere.figures import paper, style
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given

Layer = Mapping[str, Any]
PITCH, MIDDLE, KINDS_TOP = 1.55, 1.62, 2.87
HEADING, GAP = 0.14, 0.3
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


@dataclass(frozen=True)
class Drawn:
    """A network that is drawn: what is said above it, and its levels."""

    heading: str
    levels: tuple[Level, ...]

    @property
    def height(self) -> float:
        """Height in inches."""
        return KINDS_TOP + 0.17 * max(len(_kinds(level)) for level in self.levels) + 0.05


class Architecture(Figure):
    """The networks of the paper and of the runs, level by level."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw each network once, as it was trained and as the paper has it."""
        published = paper.networks(given.settings.published)
        return draw(
            given.records,
            folder,
            arms=given.settings.arms,
            published=of_paper(published),
            synthetic=given.synthetic,
        )


def draw(
    records: Mapping[str, Mapping[str, Any]],
    folder: Path,
    *,
    arms: Mapping[str, Arm],
    published: Mapping[str, Sequence[Layer]],
    synthetic: bool,
) -> list[str]:
    """Draw every network of the study from its run records, and as its paper has it (A-60).

    Parameters
    ----------
    records
        "<arm>/<run>" to run.json; its ``architecture`` lists layers with ``kind``, ``shape``
        (channels first) and ``parameters``, in order of use. A run that was not made has none.
    arms
        The study's arms: which network each has.
    published
        The same layers of each network at the paper's scale, as from `of_paper`; may be empty.
    synthetic
        The runs saw synthetic sites.

    Returns
    -------
    list of str
        Names of the figures drawn: ``architecture_<network>``.
    """
    run: dict[str, Sequence[Layer]] = {}
    for key, record in records.items():
        network = arms[key.split("/")[0]].network
        if record.get("architecture"):
            run.setdefault(network, record["architecture"])
    drawn = {
        network: _rows(run.get(network, ()), published.get(network, ()))
        for network in dict.fromkeys(arm.network for arm in arms.values())
    }
    names = [network for network, rows in drawn.items() if rows]
    for network in names:
        _figure(drawn[network], folder / f"architecture_{network}", synthetic=synthetic)
    return [f"architecture_{network}" for network in names]


def of_paper(rows: Sequence[Mapping[str, str]]) -> dict[str, list[Layer]]:
    """Return the layers of each network from the rows of `paper.networks`."""
    networks: dict[str, list[Layer]] = {}
    for row in rows:
        shape = [int(extent) for extent in row["shape"].split(" x ")]
        layer = {"kind": row["kind"], "shape": shape, "parameters": 0}
        alike = [
            layer | {"parameters": int(row["parameters"])},
            *[layer] * (int(row["layers"]) - 1),
        ]
        networks.setdefault(row["network"], []).extend(alike)
    return networks


def _rows(run: Sequence[Layer], published: Sequence[Layer]) -> tuple[Drawn, ...]:
    """Return what is drawn of a network: the paper's and the run's, or one if they are the same."""
    trained, of_paper = levels(run), levels(published)
    if trained and [_size(level) for level in trained] == [_size(level) for level in of_paper]:
        return (Drawn(f"This run, at the scale of the paper: {_total(run)}", tuple(trained)),)
    rows = (
        Drawn(f"Scale of the paper, not trained here: {_total(published)}", tuple(of_paper)),
        Drawn(f"This run: {_total(run)}", tuple(trained)),
    )
    return tuple(row for row in rows if row.levels)


def _size(level: Level) -> tuple[tuple[int, ...], list[int]]:
    return level.extent, level.filters


def _total(layers: Sequence[Layer]) -> str:
    return f"{sum(layer['parameters'] for layer in layers):,} trainable parameters"


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


def _figure(rows: Sequence[Drawn], path: Path, *, synthetic: bool) -> None:
    network = path.name.removeprefix("architecture_")
    width = PITCH * max(len(row.levels) for row in rows)
    height = sum(row.height for row in rows) + GAP * (len(rows) - 1)
    with style.look():
        page = style.sheet(
            f"Architecture of {network}",
            width=width,
            height=height,
            notes=(
                "Black: extent of the features, columns x rows x slices. Red: filters or features "
                "of the layers. Grey: how many layers of each kind, and trainable parameters.",
            ),
            synthetic=synthetic,
        )
        canvas = page.canvas(width, height)
        top = 0.0
        for row in rows:
            canvas.text(0, top + HEADING, row.heading, va="center", weight="bold", size=10.5)
            _network(canvas, row.levels, top)
            top += row.height + GAP
        style.save(page.figure, path.parent, path.name)


def _network(canvas: Axes, network_levels: Sequence[Level], top: float) -> None:
    """Draw the levels of a network from left to right, with arrows between them."""
    largest = max(log2(max((2, *level.extent))) for level in network_levels)
    for number, level in enumerate(network_levels):
        x = PITCH * (number + 0.5)
        half = _box(canvas, level, (x, top), largest)
        if number:
            before = _half(network_levels[number - 1])
            canvas.annotate(
                "",
                (x - half - 0.05, top + MIDDLE),
                (x - PITCH + before + 0.05, top + MIDDLE),
                arrowprops={"arrowstyle": "-|>", "color": style.MUTED, "lw": 1.1},
            )


def _box(canvas: Axes, level: Level, at: tuple[float, float], largest: float) -> float:
    """Draw one level around x, from `top` on, and return half the width of its box."""
    x, top = at
    half = _half(level)
    tall = 0.34 + (TALLEST - 0.34) * (log2(max((2, *level.extent))) / largest)
    dense = not level.extent
    canvas.add_patch(
        FancyBboxPatch(
            (x - half, top + MIDDLE - tall / 2),
            2 * half,
            tall,
            boxstyle="round,pad=0,rounding_size=0.05",
            facecolor="#f3e3d3" if dense else "#d7e6f2",
            edgecolor=style.MUTED,
            linewidth=0.9,
        )
    )
    shape = " × ".join(str(size) for size in reversed(level.extent)) or "vector"
    above = top + MIDDLE - TALLEST / 2 - 0.3
    canvas.text(x, above, shape, ha="center", va="center", size=9.5, weight="bold")
    filters = level.filters
    counts = ", ".join(map(str, filters)) if len(filters) < 3 else f"up to {max(filters)}"
    below = top + MIDDLE + TALLEST / 2 + 0.2
    canvas.text(x, below, counts, ha="center", va="center", size=11, color=style.RED, weight="bold")
    look: Any = {"ha": "center", "va": "center", "size": 7.5, "color": style.MUTED}
    for number, line in enumerate(_kinds(level)):
        canvas.text(x, top + KINDS_TOP + 0.17 * number, line, **look)
    return half


def _half(level: Level) -> float:
    return 0.12 + 0.028 * log2(max(level.filters))


def _kinds(level: Level) -> list[str]:
    counted = Counter(layer["kind"] for layer in level.layers)
    lines = [f"{times} × {kind}" for kind, times in counted.items()]
    return [*lines, f"{sum(layer['parameters'] for layer in level.layers):,} parameters"]


def _counts(kind: str) -> bool:
    return kind.startswith(("Conv", "Linear"))
