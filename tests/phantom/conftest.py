from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter

from elsewhere.design.kinds import Of
from elsewhere.design.phantom_rows import PhantomRow
from elsewhere.phantom.write import write

parse = TypeAdapter(Annotated[PhantomRow, Of("phantoms")]).validate_python

VOLUMES = {"dicom_series", "cc_ccii", "covid_ctset", "mosmed"}
RADIOGRAPHS = {"chexpert", "chestxray14", "mimic_cxr_jpg"}
FINDINGS = ("Cardiomegaly", "Edema", "Consolidation", "Atelectasis", "Pleural Effusion")
POSITIVE = {"cc_ccii": "NCP", "mosmed": "CT-2"}
NEGATIVE = {"cc_ccii": "CP", "mosmed": "CT-0"}


def reconstruction(**changes: Any) -> dict[str, Any]:
    values = {"manufacturer": "SIEMENS", "kernel": "B30f", "thickness_mm": 12.0}
    values |= {"blur_mm": [1, 2], "noise_hu": [10, 20], "grain_mm": 2.0}
    return values | changes


def acquisition(**changes: Any) -> dict[str, Any]:
    vendors = [reconstruction(), reconstruction(manufacturer="GE MEDICAL SYSTEMS", kernel="LUNG")]
    values = {"reconstructions": vendors, "field_of_view_mm": [370, 400], "contrast": 0.5}
    values |= {"enhancement_hu": [200, 300], "inspiration": [0.4, 0.8], "masked": 0.0}
    return values | {"window_hu": [-1000, 1000]} | changes


def radiography(**changes: Any) -> dict[str, Any]:
    values = {"portable": 0.5, "rows_px": [48, 56], "columns_px": [48, 56]}
    values |= {"field_of_view_mm": [380, 400], "quanta": [20000, 30000], "scatter": [0.3, 0.5]}
    values |= {"blur_mm": [1, 2], "gamma": [1.0, 1.2], "equalised": 0.3, "collimated": 0.5}
    return values | {"marker": "L"} | changes


def radiographs(kind: str, **changes: Any) -> dict[str, Any]:
    """Return a small row of `phantoms` for a site of radiographs."""
    told = {"uncertain": 0.2, "suspected": 0.1, "denied": 0.3} if kind != "chestxray14" else {}
    found = {"prevalence": 0.4, "missed": 0.1} | told
    values: dict[str, Any] = {"kind": kind, "seed": 5, "patients": 6}
    values |= {"studies_per_patient": [1, 2], "female": 0.5, "age_mean": 60.0, "age_sd": 15.0}
    values["pacemaker"] = {"with_cardiomegaly": 0.5, "without": 0.1}
    values["findings"] = {name: dict(found) for name in FINDINGS}
    values["radiography"] = radiography()
    if kind == "chestxray14":
        values |= {"test": 0.4, "rgba": 0.3, "wrong_age": 0.3}
    else:
        values |= {"lateral": 0.8}
    if kind == "chexpert":
        values |= {"validation_patients": 2}
    if kind == "mimic_cxr_jpg":
        values |= {"unnamed_view": 0.3, "validation": 0.2, "test": 0.5}
    return values | changes


def phantom(kind: str, **changes: Any) -> dict[str, Any]:
    """Return a small row of `phantoms`."""
    if kind in RADIOGRAPHS:
        return radiographs(kind, **changes)
    glass = {"count": [6, 9], "radius_mm": [14, 24], "hu": [-600, -300]}
    dense = {"count": [1, 2], "radius_mm": [20, 30], "hu": [0, 40]}
    values: dict[str, Any] = {"kind": kind, "seed": 5, "confounding": 0.8, "age_years": [20, 90]}
    values["categories"] = {
        POSITIVE.get(kind, "ill"): {"label": 1, "patients": 5, "ground_glass": glass},
        NEGATIVE.get(kind, "other"): {"label": 0, "patients": 6, "consolidation": dense},
    }
    values |= {"acquisition_positive": acquisition(), "acquisition_negative": acquisition()}
    if kind in VOLUMES:
        values |= {"matrix": 48, "reduced_matrix": 32, "reduced": 0.2, "spacing_factor": 1.0}
    else:
        values |= {"images_per_patient": [1, 3], "side_px": [40, 60]}
    if kind == "cc_ccii":
        values["second_scan"] = 0.3
    return values | changes


@pytest.fixture
def row() -> Callable[..., dict[str, Any]]:
    return phantom


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Path, int]]:
    """Return a function that writes a small site of a kind: its folder and the count returned."""

    def make(kind: str, **changes: Any) -> tuple[Path, int]:
        folder = tmp_path_factory.mktemp(kind) / "site"
        return folder, write("tiny", folder, parse(phantom(kind, **changes)))

    return make
