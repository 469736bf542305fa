"""frames: read the slices of a multi-frame file from its functional groups (PS3.3 C.7.6.16)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from pydicom import Dataset

from elsewhere.imaging.dicom import parsed
from elsewhere.imaging.dicom.header import Aside, Header, Slice
from elsewhere.imaging.volume import Unusable

_TAGS = frozenset(
    {
        0x00180010,  # Contrast/Bolus Agent
        0x00180012,  # Contrast/Bolus Agent Sequence
        0x00209221,  # Dimension Organization Sequence
        0x00209222,  # Dimension Index Sequence
        0x52009229,  # Shared Functional Groups Sequence
        0x52009230,  # Per-Frame Functional Groups Sequence
    }
)
# spatial dimensions of a volume: Image Position (Patient), In-Stack Position Number
_SPATIAL = (0x00200032, 0x00209057)


@dataclass(frozen=True)
class _Groups:
    """The functional groups of one frame: its own and the shared ones."""

    own: Dataset
    shared: Dataset

    def item(self, macro: str) -> Dataset:
        """Return the item of a functional group macro; an empty one if absent."""
        for groups in (self.own, self.shared):
            sequence = groups.get(macro)
            if sequence:
                item: Dataset = sequence[0]
                return item
        return Dataset()


def slices(header: Header) -> tuple[Slice, ...]:
    """Return one slice per frame; localizer frames are left out.

    Raises
    ------
    Aside
        `localizer` if every frame is a localizer, `not_ct` if the modality is not CT and there are
        no functional groups.
    Unusable
        `no_geometry` if a CT file has no functional groups, `bad_frames` if their number is not
        that of the frames, `unreadable`.
    """
    data = parsed.dataset(header.path, _TAGS)
    with parsed.quiet():
        own = data.get("PerFrameFunctionalGroupsSequence")
        if own is None and not header.is_ct:
            raise Aside("not_ct", "neither the SOP class nor the modality is CT")
        if own is None:
            raise Unusable(
                "no_geometry", "several frames without functional groups that give their positions"
            )
        if len(own) != header.stored.frames:
            detail = f"{header.stored.frames} frames and functional groups for {len(own)}"
            raise Unusable("bad_frames", detail)
        shared = _first(data.get("SharedFunctionalGroupsSequence"))
        other_dimensions = _other_dimensions(data)
        header = _with_enhanced(header, data, shared)
        groups = [_Groups(item, shared) for item in own]
        kept = [
            _slice(header, index, frame_groups, other_dimensions)
            for index, frame_groups in enumerate(groups)
            if "LOCALIZER"
            not in _values(frame_groups.item("CTImageFrameTypeSequence"), "FrameType")
        ]
    if not kept:
        raise Aside("localizer", "every frame is a localizer")
    return tuple(kept)


def _slice(header: Header, index: int, groups: _Groups, other_dimensions: tuple[int, ...]) -> Slice:
    content, scale = groups.item("FrameContentSequence"), groups.item(_SCALE)
    details = groups.item("CTAcquisitionDetailsSequence")
    acquisition = (content.get("StackID"), content.get("FrameAcquisitionNumber"))
    return Slice(
        header=header,
        frame=index,
        position_mm=_numbers(groups.item("PlanePositionSequence"), "ImagePositionPatient", 3),
        orientation=_numbers(groups.item("PlaneOrientationSequence"), "ImageOrientationPatient", 6),
        pixel_spacing_mm=_numbers(groups.item("PixelMeasuresSequence"), "PixelSpacing", 2),
        slope=_stated(scale, "RescaleSlope"),
        intercept=_stated(scale, "RescaleIntercept"),
        acquisition="/".join(str(part) for part in acquisition if part not in (None, "")),
        temporal=_temporal(content, other_dimensions),
        tilt_degrees=_number(details, "GantryDetectorTilt"),
        acquired=str(content.get("FrameAcquisitionDateTime") or ""),
        rescale_type=str(scale.get("RescaleType") or ""),
        kvp=str(groups.item("CTXRayDetailsSequence").get("KVP") or ""),
    )


_SCALE = "PixelValueTransformationSequence"


def _temporal(content: Dataset, other_dimensions: tuple[int, ...]) -> str:
    """Return *Temporal Position Index* (0020,9128), else the indices that are not positions."""
    index = content.get("TemporalPositionIndex")
    if index is not None:
        return str(index)
    indices = _values(content, "DimensionIndexValues")
    return "/".join(
        str(indices[position]) for position in other_dimensions if position < len(indices)
    )


def _other_dimensions(data: Dataset) -> tuple[int, ...]:
    """Return which entries of *Dimension Index Values* (0020,9157) are not spatial positions."""
    pointers = [
        item.get("DimensionIndexPointer") for item in data.get("DimensionIndexSequence") or ()
    ]
    return tuple(index for index, tag in enumerate(pointers) if tag not in _SPATIAL)


def _with_enhanced(header: Header, data: Dataset, shared: Dataset) -> Header:
    """Return the header with kernel and contrast agent from the sequences of an enhanced file."""
    reconstruction = _first(shared.get("CTReconstructionSequence"))
    kernel = "\\".join(str(part) for part in _values(reconstruction, "ConvolutionKernel"))
    agent = _first(data.get("ContrastBolusAgentSequence")).get("CodeMeaning")
    return replace(
        header,
        kernel=header.kernel or kernel,
        contrast_agent=header.contrast_agent or str(agent or ""),
    )


def _first(sequence: Any) -> Dataset:
    item: Dataset = sequence[0] if sequence else Dataset()
    return item


def _values(item: Dataset, name: str) -> list[Any]:
    value = item.get(name)
    if value is None or value == "":
        return []
    return [value] if isinstance(value, str | int | float) else list(value)


def _numbers(item: Dataset, name: str, count: int) -> Any:
    values = [float(value) for value in _values(item, name)]
    sound = len(values) == count and all(
        isfinite(number) and abs(number) < 1e9 for number in values
    )
    return tuple(values) if sound else None


def _number(item: Dataset, name: str) -> float | None:
    numbers: tuple[float] | None = _numbers(item, name, 1)
    return None if numbers is None else numbers[0]


def _stated(item: Dataset, name: str) -> float | None:
    """Return a number, None if it is absent, NaN if what is written is none."""
    number = _number(item, name)
    return float("nan") if number is None and _values(item, name) else number
