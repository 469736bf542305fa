from __future__ import annotations

from elsewhere.design.job import Job
from elsewhere.figures.captions import caption


def test_every_figure_has_a_caption(drawn: Job) -> None:
    for path in drawn.outputs["figures"].glob("*.png"):
        assert caption(path.stem).text.endswith(".")
