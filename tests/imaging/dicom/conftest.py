"""Policies, and slices without files."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from elsewhere.design.site import IntakeRow
from elsewhere.imaging.dicom.header import Header, Slice, Stored

STORED = Stored(
    transfer_syntax="1.2.840.10008.1.2.1",
    rows=100,
    columns=80,
    frames=1,
    samples=1,
    photometric="MONOCHROME2",
    bits_allocated=16,
    bits_stored=12,
    high_bit=11,
    signed=False,
    offset=1000,
    length=100 * 80 * 2,
    padding=None,
)


def slice_at(
    position_mm: Iterable[float] | None, name: str, stored: Stored = STORED, **changes
) -> Slice:
    texts = dict.fromkeys(Header.__dataclass_fields__, "")
    known = {"path": Path(name), "instance": name, "series": "1.2", "modality": "CT"}
    known |= {"image_type": ("ORIGINAL", "PRIMARY", "AXIAL"), "stored": stored}
    in_header = {key: changes.pop(key) for key in list(changes) if key in texts}
    fields = {
        "orientation": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
        "pixel_spacing_mm": (0.7, 0.8),
        "slope": 1.0,
        "intercept": -1024.0,
        "acquisition": "1",
        "temporal": "",
        "tilt_degrees": None,
    }
    return Slice(
        header=Header(**texts | known | in_header),
        frame=changes.pop("frame", 0),
        position_mm=None if position_mm is None else tuple(map(float, position_mm)),
        **fields | changes,
    )


@pytest.fixture(name="slice_at", scope="session")
def _slice_at() -> Callable[..., Slice]:
    return slice_at


@pytest.fixture(scope="session")
def stack() -> Callable[..., list[Slice]]:
    """Slices at heights along z."""

    def build(heights: Iterable[float], prefix: str = "s", **changes) -> list[Slice]:
        return [
            slice_at((-10.0, -20.0, z), f"{prefix}{index:03d}", **changes)
            for index, z in enumerate(heights)
        ]

    return build


@pytest.fixture(scope="session")
def strict(strict: IntakeRow) -> IntakeRow:
    """Of the other tests, but it would fill one slice if it were to mend anything."""
    return strict.model_copy(update={"fill_slices": 1})


@pytest.fixture(scope="session")
def mend(strict: IntakeRow) -> IntakeRow:
    return strict.model_copy(update={"policy": "repair"})
