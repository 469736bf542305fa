from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import chestxray_study as study
import numpy as np
import pandas as pd
import pytest

from elsewhere.design.scoring import STANDARD
from elsewhere.figures import interval_methods, roc_findings
from elsewhere.figures.places import ByFinding
from elsewhere.figures.results import Metrics
from elsewhere.scores.measures import absent

Texts = Callable[[Path], list[str]]
NAMES = ["roc_findings_densenet121", "roc_findings_inception-resnet-v2"]


@pytest.fixture(scope="module")
def radiographs() -> ByFinding:
    return study.by_finding(study.together(study.predictions(60)))


@pytest.fixture(scope="module")
def drawn(radiographs: ByFinding, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("roc_findings")
    assert roc_findings.draw(radiographs, folder) == NAMES
    return folder


def test_each_network_has_its_arms_on_every_place(
    radiographs: ByFinding, drawn: Path, svg_texts: Texts
) -> None:
    """B-30: internal and external, every finding in one panel."""
    shown = svg_texts(drawn / "roc_findings_densenet121.svg")
    assert shown.count("Cardiomegaly") == 3 + 3 + 2
    assert shown.count("unseen: MIMIC-CXR-JPG") == 3
    assert "internal: CheXpert + ChestX-ray14" in shown
    assert "CheXpert, DenseNet121" in shown
    assert "CheXpert, InceptionResNetV2" not in shown
    for place in radiographs.all_places():
        if radiographs.arms[place.row.name].network == "densenet121":
            for cell in place.cells.values():
                found = cell["pooled"]
                bounds = f"({found['auc_low']:.2f}–{found['auc_high']:.2f})"
                assert f"{found['auc']:.2f} {bounds}{interval_methods.mark(cell)}" in shown
    assert any("SYNTHETIC DATA" in text for text in shown)


def test_the_area_under_the_points_is_the_auc(drawn: Path) -> None:
    points = pd.read_csv(drawn / f"{NAMES[0]}.csv")
    assert tuple(points) == roc_findings.COLUMNS
    curves = points.groupby(["arm", "site", "finding"])
    assert len(curves) == 8 * 5
    for _, curve in curves:
        area = np.trapezoid(curve["tpr"], curve["fpr"])
        assert area == pytest.approx(curve["auc"].iloc[0], abs=1e-3)


def without(radiographs: ByFinding, *, network: str, finding: str | None) -> ByFinding:
    """The study with the cells of this network (and finding) not run."""

    def mended(arm: str, name: str, cell: Metrics) -> Metrics:
        if radiographs.arms[arm].network != network or finding not in (None, name):
            return cell
        return {
            **cell,
            "runs": [],
            "status": "not run",
            "pooled": absent("not run", "no data", metrics=STANDARD),
        }

    return dataclasses.replace(
        radiographs,
        internal={
            name: {arm: mended(arm, name, cell) for arm, cell in cells.items()}
            for name, cells in radiographs.internal.items()
        },
        results={
            name: dataclasses.replace(
                one,
                cells={key: mended(key[0], name, cell) for key, cell in one.cells.items()},
            )
            for name, one in radiographs.results.items()
        },
    )


def test_a_finding_without_a_curve_says_so(
    radiographs: ByFinding, tmp_path: Path, svg_texts: Texts
) -> None:
    part = without(radiographs, network="densenet121", finding="edema")
    assert roc_findings.draw(part, tmp_path) == NAMES
    assert svg_texts(tmp_path / f"{NAMES[0]}.svg").count("not run") == 8
    points = pd.read_csv(tmp_path / f"{NAMES[0]}.csv")
    lost = points[points["finding"] == "edema"]
    assert len(lost) == 8, "a line each, none dropped"
    assert set(lost["status"]) == {"not run"}
    assert lost["auc"].isna().all()


def test_a_network_without_any_curve_is_left_out(radiographs: ByFinding, tmp_path: Path) -> None:
    part = without(radiographs, network="densenet121", finding=None)
    assert roc_findings.draw(part, tmp_path) == NAMES[1:]


def test_more_findings_than_colours_differ_by_their_lines() -> None:
    looks = [roc_findings._look(number) for number in range(14)]
    assert len({(look["color"], str(look["linestyle"])) for look in looks}) == 14
