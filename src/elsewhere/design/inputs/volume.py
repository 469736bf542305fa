"""volume: settings of an input of 3D volumes: matrix, depth, clipping, normalisation."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from elsewhere.design.rows import InputRow, Positive

Millimetres = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class VolumeInput(InputRow):
    """Lattice and intensities of a 3D network (A-10, A-13 to A-16)."""

    one_view: ClassVar[bool] = False

    kind: Literal["volume"]
    matrix: Positive = Field(
        description="rows and columns; without spacing_mm slices are interpolated to them (A-10)"
    )
    spacing_mm: tuple[Millimetres, Millimetres, Millimetres] | None = Field(
        None,
        description="(dz, dy, dx) that every volume is resampled to, then cut or padded to "
        "`matrix`; null: slices keep their distance and their field of view",
    )
    crop: Literal["none", "body", "lungs"] = Field(
        "none", description="part of the volume that is kept, with a margin; lungs: of slices too"
    )
    depth: Positive = Field(description="slices that the network sees (A-15)")
    stride: Positive = Field(description="slices between evaluation windows (A-16)")
    clip_min_hu: float | None = Field(description="lower clip of HU data (A-13)")
    clip_max_hu: float | None = Field(description="upper clip of HU data; [AMB] A-13 states none")
    ct_number: Literal["keep", "shift_to_hu"] = Field(
        description="[AMB] A-13: keep 0-4095 data unchanged, or subtract 1024 first"
    )
    normalise: Literal["volume", "fixed"] = Field(
        description="[AMB] A-14: scale to 0..1 by the volume's own range, or by the clip range"
    )

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a window, ``[1, z, y, x]``."""
        return (1, self.depth, self.matrix, self.matrix)
