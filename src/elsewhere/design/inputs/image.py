"""image: settings of an input of kind image: what a 2D network sees."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from elsewhere.design.rows import InputRow, Positive, Row


class Clahe(Row):
    """Contrast-limited adaptive histogram equalisation; [AMB] B-19 states no settings."""

    clip_limit: Annotated[float, Field(gt=0, le=1)] = Field(
        description="most of a tile's pixels that may share one of 256 greys; 1: no limit"
    )
    tiles: Positive = Field(description="tiles a side, each with a histogram of its own")


class ImageInput(InputRow):
    """Lattice and intensities of a 2D network (B-19 to B-21, D-03, D-04)."""

    one_view: ClassVar[bool] = True

    kind: Literal["image"]
    matrix: Positive = Field(description="rows and columns that the network sees (D-03)")
    stored_matrix: Positive = Field(
        description="rows and columns kept by prepare; a random crop of `matrix` is trained on"
    )
    channels: Literal[1, 3] = Field(description="grey is repeated to this many channels")
    normalise: Literal["image", "imagenet"] = Field(
        description="D-03: zero mean, unit variance per image; B-20: ImageNet's"
    )
    clahe: Clahe | None = Field(None, description="equalised before it is resized; null: not")
    resampling: Literal["triangle", "spline"] = Field(
        "triangle",
        description="to `stored_matrix`. triangle: linear, its kernel as wide as the step; spline: "
        "Gaussian filter, then linear, 0 outside the image, as scikit-image resizes (B-21)",
    )

    @model_validator(mode="after")
    def _crop_fits(self) -> ImageInput:
        if self.stored_matrix < self.matrix:
            raise ValueError(
                f"stored_matrix is {self.stored_matrix}, smaller than matrix {self.matrix}: "
                "a crop cannot be larger than what is kept"
            )
        return self

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of an image, ``[channels, y, x]``."""
        return (self.channels, self.matrix, self.matrix)
