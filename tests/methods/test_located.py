"""located: maps are those of Grad-CAM, in the slices that the network saw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from elsewhere.cohorts.cohort import SiteFiles
from elsewhere.cohorts.view import view
from elsewhere.imaging import outline_values, store
from elsewhere.methods import gradcam
from elsewhere.methods.application import predicted
from elsewhere.methods.located import Located, locate
from elsewhere.methods.run import Run
from elsewhere.networks import weights
from elsewhere.networks.network import build
from elsewhere.steps.predict import Settings


@pytest.fixture
def outlines(files: SiteFiles, tmp_path: Path) -> dict[str, Path]:
    """Outlines of two of the four scans; each slice has a lesion of its own size."""
    made = {}
    for path in sorted(files.arrays.iterdir())[1:3]:
        outline = np.zeros(store.shape(path), np.uint8)
        outline[:, 4:28, 4:28] = outline_values.LUNG
        for at, plane in enumerate(outline):
            plane[6 : 8 + at, 6:10] = outline_values.LESION
        made[path.name.removesuffix(store.SUFFIX)] = tmp_path / path.name
        store.write(tmp_path / path.name, outline)
    return made


def test_a_map_is_that_of_the_window_that_gave_the_prediction(
    files: SiteFiles, applied: Settings, model: Run, outlines: dict[str, Path]
) -> None:
    rows = predicted(model, files, settings=applied).rows
    tested = rows[rows["part"] == "test"]
    found = [*locate(model, files, tested, settings=applied, outlines=outlines)]
    both = sorted({*tested["scan_id"]} & {*outlines})
    assert [one.scan_id for one in found] == both
    assert both
    network = build(applied.network, applied.input, outputs=2)
    weights.load(network, model.model)
    network.eval()
    for one in found:
        first = int(tested.set_index("scan_id").loc[one.scan_id, "window_start"])
        array = store.read(files.arrays / f"{one.scan_id}{store.SUFFIX}")
        window = view(applied.input).window(array, first=first)
        heat = gradcam.maps(network, window[None], site=None, layer=one.layer)[0].numpy()
        np.testing.assert_allclose(one.found, heat, atol=1e-6)
        np.testing.assert_array_equal(one.image, window[0])
        assert one.found.shape == one.lesion.shape == one.lungs.shape
        assert (one.lungs >= one.lesion).all()
        np.testing.assert_array_equal(
            one.lesion.sum(axis=(1, 2)), 4 * (2 + first + np.arange(len(one.lesion)))
        )


def test_without_outlines_nothing_is_computed(
    files: SiteFiles, applied: Settings, model: Run
) -> None:
    rows = predicted(model, files, settings=applied).rows
    assert [*locate(model, files, rows, settings=applied, outlines={})] == []


def test_the_picture_is_the_slice_with_most_of_the_lesion() -> None:
    lesion = np.zeros((3, 4, 5), bool)
    lesion[1, 1:3, 1:3] = True
    image = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    found = np.full((3, 4, 5), 0.2, np.float32)
    found[1, 0, 0] = 1
    picture = Located("s", image, found, lesion, lesion, "last").picture()
    assert (picture["rows"], picture["columns"]) == (4, 5)
    shown = {
        name: np.frombuffer(picture[name], np.uint8).reshape(4, 5)
        for name in ("image", "heat", "lesion")
    }
    np.testing.assert_array_equal(shown["lesion"], lesion[1])
    assert (shown["heat"][0, 0], shown["heat"][1, 1]) == (255, 51)
    assert (shown["image"].min(), shown["image"].max()) == (0, 255)
