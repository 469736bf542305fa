"""paper_networks: writes the layers of each paper's networks as tables, for figure `architecture`.

`python -m elsewhere.commands.paper_networks` writes them anew when a network at `scale: paper` has
changed. A figure cannot compute them: it knows no torch, and at another scale other networks run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from elsewhere.commands.describe import networks
from elsewhere.design.params import Params, load
from elsewhere.figures import paper
from elsewhere.files import write_rows

SCALE = "paper"
COLUMNS = ("network", "kind", "shape", "layers", "parameters")


def tables(params: Params) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the name of each study's published numbers, and the layers of its networks (A-60)."""
    import torch

    studies = {row.published: name for name, row in reversed(params.studies.items())}
    for published, study in sorted((key, name) for key, name in studies.items() if key):
        if SCALE in params.studies[study].scales:
            with torch.device("meta"):  # shapes alone: no weights are made
                yield published, list(_rows(params, study))


def _rows(params: Params, study: str) -> Iterator[dict[str, Any]]:
    from elsewhere.networks.describe import describe

    for row, seen, network in networks(params, study, SCALE):
        layers: Counter[tuple[str, str]] = Counter()
        parameters: Counter[tuple[str, str]] = Counter()
        for layer in describe(network, params.inputs[seen]):
            key = (layer.kind, " x ".join(map(str, layer.shape)))
            layers[key] += 1
            parameters[key] += layer.parameters
        for kind, shape in layers:
            counts = {"layers": layers[kind, shape], "parameters": parameters[kind, shape]}
            yield {"network": row, "kind": kind, "shape": shape, **counts}


def write(params: Params) -> None:
    """Write figures/published/<published>_networks.csv of every study that has a paper's scale."""
    for published, rows in tables(params):
        path = paper.FOLDER / f"{published}{paper.OF_NETWORKS}"
        write_rows(rows, path, columns=COLUMNS)


if __name__ == "__main__":
    write(load())
