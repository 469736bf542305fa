"""timm: settings of a network of the timm library."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator

from elsewhere.design.rows import NetworkRow

_NO_OPTIONS = {
    "cache_dir", "checkpoint_path", "device", "dtype", "features_only", "global_pool", "in_chans",
    "num_classes", "pretrained", "pretrained_cfg", "pretrained_cfg_overlay",
}  # fmt: skip


class Timm(NetworkRow):
    """A network of the timm library, with one dense layer as its head (B-24 to B-26)."""

    dimensions: ClassVar[Literal[2, 3] | None] = 2

    kind: Literal["timm"]
    model: Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)?$")] = Field(
        description="name in timm; after a dot the tag of its weights, if there are several"
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="keyword arguments of timm.create_model"
    )
    pretrained: Annotated[str, Field(min_length=1)] = Field(
        description="initial weights: none; hub (the Hugging Face hub, or this machine's cache of "
        "it); or the path of a file, .safetensors or .pth"
    )
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None, description="of the file of weights; any other file is refused. null: not checked"
    )
    batch_norm_scale: bool = Field(
        description="[AMB] B-26: false, as in Keras: gamma of each batch normalisation stays 1"
    )

    @field_validator("options")
    @classmethod
    def _ours_are_left_out(cls, options: dict[str, Any]) -> dict[str, Any]:
        taken = sorted(_NO_OPTIONS & options.keys())
        if taken:
            raise ValueError(
                f"options contains {taken[0]}, which other settings decide; leave out "
                f"{', '.join(taken)}"
            )
        return options
