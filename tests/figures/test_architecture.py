from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from elsewhere.design.arm import Arm
from elsewhere.figures import architecture, paper


def _nguyen() -> list[dict[str, Any]]:
    """Layers of the paper's Figure 2 (A-27 to A-34), written down by hand."""
    shapes = [(128, 512, 512), (32, 128, 128), (16, 32, 32), (8, 8, 8), (4, 4, 4)]
    layers: list[dict[str, Any]] = []
    for level, shape in enumerate(shapes):
        for kind in ("Conv3d", "ReLU", "GroupNorm", "DropBlock3d") * 2:
            layers.append({"kind": kind, "shape": [8 * 2**level, *shape], "parameters": 1})
    layers += [{"kind": "Linear", "shape": [1024], "parameters": 10}] * 4
    return [*layers, {"kind": "Linear", "shape": [2], "parameters": 2050}]


def test_levels_have_the_shapes_and_filters_of_the_paper() -> None:
    found = architecture.levels(_nguyen())
    assert [level.filters for level in found] == [[8], [16], [32], [64], [128], [1024], [2]]
    assert found[1].extent == (32, 128, 128)  # A-29, [z, y, x]
    assert found[-1].extent == ()


def test_shapes_are_black_and_filters_red(
    tmp_path: Path, svg_texts: Callable[[Path], list[str]]
) -> None:
    arms = {"utsw": Arm(sites=("utsw",), method="erm", network="cnn")}
    records = {"utsw/0-0": {"architecture": _nguyen()}, "utsw/1-0": {"status": "not run"}}
    names = architecture.draw(records, tmp_path, arms=arms, published={}, synthetic=True)
    assert names == ["architecture_cnn"]
    shown = svg_texts(tmp_path / "architecture_cnn.svg")
    for words in ("512 × 512 × 128", "128 × 128 × 32", "4 × 4 × 4", "8", "128", "1024"):
        assert words in shown
    assert "2 × Conv3d" in shown
    assert "This run: 2,130 trainable parameters" in shown
    assert "fill: #b2182b" in (tmp_path / "architecture_cnn.svg").read_text()


def test_a_study_in_which_nothing_ran_has_no_architecture(tmp_path: Path) -> None:
    arms = {"utsw": Arm(sites=("utsw",), method="erm", network="cnn")}
    records = {"utsw/0-0": {"status": "not run"}}
    assert architecture.draw(records, tmp_path, arms=arms, published={}, synthetic=False) == []


def test_the_papers_network_is_drawn_beside_that_of_a_smaller_run_a60(
    tmp_path: Path, svg_texts: Callable[[Path], list[str]]
) -> None:
    arms = {"utsw": Arm(sites=("utsw",), method="erm", network="nguyen-cnn")}
    small = [layer | {"shape": [layer["shape"][0], 8, 8, 8]} for layer in _nguyen()[:4]]
    published = architecture.of_paper(paper.networks("nguyen2021"))
    records = {"utsw/0-0": {"architecture": small}}
    names = architecture.draw(records, tmp_path, arms=arms, published=published, synthetic=True)
    assert names == ["architecture_nguyen-cnn"]
    shown = svg_texts(tmp_path / "architecture_nguyen-cnn.svg")
    assert "Scale of the paper, not trained here: 12,839,658 trainable parameters" in shown
    assert "This run: 4 trainable parameters" in shown
    assert {"512 × 512 × 128", "8 × 8 × 8"} <= {*shown}


def test_the_papers_network_has_the_levels_of_figure_2() -> None:
    layers = architecture.of_paper(paper.networks("nguyen2021"))["nguyen-cnn"]
    by_hand = architecture.levels(_nguyen())
    found = architecture.levels(layers)
    assert [level.extent for level in found] == [level.extent for level in by_hand]
    assert [level.filters for level in found] == [level.filters for level in by_hand]


def test_a_run_at_the_scale_of_the_paper_is_drawn_once(
    tmp_path: Path, svg_texts: Callable[[Path], list[str]]
) -> None:
    arms = {"utsw": Arm(sites=("utsw",), method="erm", network="nguyen-cnn")}
    published = architecture.of_paper(paper.networks("nguyen2021"))
    records = {"utsw/0-0": {"architecture": _nguyen()}}
    architecture.draw(records, tmp_path, arms=arms, published=published, synthetic=False)
    shown = svg_texts(tmp_path / "architecture_nguyen-cnn.svg")
    assert "This run, at the scale of the paper: 2,130 trainable parameters" in shown
    assert not any("not trained here" in text for text in shown)
    assert shown.count("512 × 512 × 128") == 1


def test_without_a_run_the_papers_network_is_drawn(tmp_path: Path) -> None:
    arms = {"utsw": Arm(sites=("utsw",), method="erm", network="nguyen-cnn")}
    published = architecture.of_paper(paper.networks("nguyen2021"))
    records = {"utsw/0-0": {"status": "not run"}}
    names = architecture.draw(records, tmp_path, arms=arms, published=published, synthetic=False)
    assert names == ["architecture_nguyen-cnn"]
