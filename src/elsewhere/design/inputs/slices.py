"""slices: settings of an input of slices drawn at random from a CT volume, several times."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from elsewhere.design.rows import InputRow, Positive, Row, Seed

Index = Annotated[int, Field(ge=0)]


class Draw(Row):
    """How slices are drawn from a scan of so many slices (C-12)."""

    up_to: Positive | None = Field(
        description="most slices that a scan may have for this row; null: any number"
    )
    interval: Positive = Field(description="slices from one drawn slice to the next")
    first: Index = Field(description="first slice at which a draw may begin")
    margin: Index = Field(
        description="a draw begins before the number of slices minus this; where no slice is left, "
        "it begins at `first`, or earlier if it would not fit"
    )


class SlicesInput(InputRow):
    """Slices drawn several times; all draws count for the prediction of a scan (C-09 to C-12)."""

    one_view: ClassVar[bool] = True

    kind: Literal["slices"]
    matrix: Positive = Field(description="rows and columns to which slices are interpolated (C-10)")
    depth: Positive = Field(description="slices of a draw (C-11)")
    draws: Positive = Field(description="draws of a scan that is tested or validated (C-09)")
    average: Literal["probabilities", "logits"] = Field(
        description="of all draws of a scan: probabilities in the paper (C-09), logits as released"
    )
    clip_min_hu: float = Field(description="lower end of the window (C-10)")
    clip_max_hu: float = Field(description="upper end of the window (C-10)")
    mean_hu: float = Field(description="subtracted after clipping (C-12)")
    sd_hu: Annotated[float, Field(gt=0)] = Field(description="then divided by (C-12)")
    train: tuple[Draw, ...] = Field(
        min_length=1, description="draws during training; the first row that fits a scan counts"
    )
    test: tuple[Draw, ...] = Field(
        min_length=1, description="draws of tested and validated scans, other ones as released"
    )
    seed: Seed = Field(description="of the draws of tested and validated scans")

    @model_validator(mode="after")
    def _draws_fit(self) -> SlicesInput:
        if self.clip_min_hu >= self.clip_max_hu:
            raise ValueError(
                f"clip_min_hu {self.clip_min_hu} is not below clip_max_hu {self.clip_max_hu}"
            )
        for name, draws in (("train", self.train), ("test", self.test)):
            _check(name, draws, depth=self.depth)
        return self

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a draw, ``[1, z, y, x]``."""
        return (1, self.depth, self.matrix, self.matrix)

    @property
    def mean_of(self) -> Literal["probabilities", "logits"]:
        """What is averaged over the draws of a scan."""
        return self.average


def _check(name: str, draws: tuple[Draw, ...], *, depth: int) -> None:
    """Raise ValueError unless some row is for any scan and every draw fits into its scan."""
    limits = [draw.up_to for draw in draws]
    known = [limit for limit in limits[:-1] if limit is not None]
    if limits[-1] is not None or known != sorted(set(known)) or len(known) < len(limits) - 1:
        raise ValueError(f"{name}: up_to is {limits}; expected rising numbers, and null at the end")
    for draw in draws:
        if draw.margin < (depth - 1) * draw.interval:
            raise ValueError(
                f"{name}: a draw of {depth} slices at interval {draw.interval} ends "
                f"{(depth - 1) * draw.interval} slices after it begins; margin is {draw.margin}, "
                "expected at least as much"
            )
