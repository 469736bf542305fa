"""image: settings of an input of 2D images: matrix, channels, normalisation."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from elsewhere.design.rows import InputRow, Positive, Row


class Clahe(Row):
    """Contrast-limited adaptive histogram equalisation; [AMB] B-19 states no settings."""

    clip_limit: Annotated[float, Field(gt=0, le=1)] = Field(
        description="largest share of a tile's pixels in one of 256 grey levels; 1: no limit"
    )
    tiles: Positive = Field(description="tiles per side, each with its own histogram")
    when: Literal["before", "after"] = Field(
        "before",
        description="[AMB] B-19, B-21: before the image is resized, as the paper's text has it, or "
        "after; the grey levels of a chest radiograph differ by about 7.5 of 255",
    )


class ImageInput(InputRow):
    """Lattice and intensities of a 2D network (B-19 to B-21, D-03, D-04)."""

    one_view: ClassVar[bool] = True

    kind: Literal["image"]
    matrix: Positive = Field(description="rows and columns that the network sees (D-03)")
    stored_matrix: Positive = Field(
        description="rows and columns that prepare stores; training crops `matrix` out of them"
    )
    proportions: Literal["stretched", "kept"] = Field(
        "stretched",
        description="[AMB] D-03: stretched: every image is stored as a square. kept: its shorter "
        "side becomes `stored_matrix`, as in the released code; a crop in training keeps the "
        "proportions of the image, and a whole image, as it is tested, is stretched to `matrix`",
    )
    channels: Literal[1, 3] = Field(description="the grey image is repeated in all channels")
    normalise: Literal["image", "imagenet"] = Field(
        description="D-03: zero mean, unit variance per image; B-20: ImageNet's"
    )
    clahe: Clahe | None = Field(None, description="B-19: equalisation; null: none")
    resampling: Literal["triangle", "spline"] = Field(
        "triangle",
        description="to `stored_matrix`. triangle: linear, with a kernel as wide as the step; "
        "spline: Gaussian filter, then linear, 0 outside the image, as in scikit-image (B-21)",
    )

    @model_validator(mode="after")
    def _crop_fits(self) -> ImageInput:
        if self.stored_matrix < self.matrix:
            raise ValueError(
                f"stored_matrix is {self.stored_matrix}, smaller than matrix {self.matrix}: "
                "a crop cannot be larger than the stored image"
            )
        return self

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of an image, ``[channels, y, x]``."""
        return (self.channels, self.matrix, self.matrix)
