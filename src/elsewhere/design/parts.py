"""parts: the rows of the tables whose parts a study names: sites, inputs, networks, methods."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]
Seed = Annotated[int, Field(ge=0)]
Length = Annotated[float, Field(ge=0)]


class Row(BaseModel):
    """A row of a table: immutable, nothing unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Site(Row):
    """One hospital or public data set; its files lie under data/raw/<name of the row>."""

    title: str = Field(description="name in figures and tables")
    layout: str = Field(description="published layout, see elsewhere/sites")
    privacy: Literal["public", "private"] = Field(
        description="private: keys are hashed with the secret of this machine, paths too"
    )
    synthetic: bool = Field(False, description="made by `elsewhere phantom`; figures say so")
    available: bool = Field(
        True, description="false: the data cannot be had here (A-78); its cells say so"
    )
    intake: Name = Field("strict", description="row of `intakes`: what its files may be like")
    options: dict[str, Any] = Field(default_factory=dict, description="options of the layout")


class IntakeRow(Row):
    """How far files may be from one regular volume, and what reading one may cost."""

    policy: Literal["strict", "repair"] = Field(
        description="strict: refuse what is not regular; repair: mend what is safe, and say so"
    )
    same_position_mm: Length = Field(description="slices nearer than this lie at one position")
    spacing_tolerance_mm: Length = Field(
        description="a step may differ from the median step by this much, whatever its size"
    )
    spacing_tolerance: Share = Field(description="and by this share of the median step")
    gap_ratio: Annotated[float, Field(gt=1)] = Field(
        description="a step beyond this many median steps is a gap"
    )
    tilt_tolerance_degrees: Annotated[float, Field(ge=0, lt=90)] = Field(
        description="the gantry may lean by this much and count as upright"
    )
    cosine_tolerance: Share = Field(
        description="direction cosines of one volume may differ by this much"
    )
    fill_slices: Annotated[int, Field(ge=0)] = Field(
        description="repair: most neighbouring missing slices that are interpolated"
    )
    rejected_at_most: Share = Field(description="a larger share of rejected files stops the step")
    decode_seconds: Annotated[float, Field(gt=0)] = Field(
        description="longest time that decoding one slice may take"
    )
    decode_gb: Annotated[float, Field(gt=0)] = Field(
        description="most memory that a decoding worker may take, 10^9 bytes"
    )


class VolumeInput(Row):
    """Lattice and intensities of a 3D network (A-10, A-13 to A-16)."""

    kind: Literal["volume"]
    matrix: Positive = Field(description="rows and columns after linear interpolation (A-10)")
    depth: Positive = Field(description="slices that the network sees (A-15)")
    stride: Positive = Field(description="slices between evaluation windows (A-16)")
    clip_min_hu: float | None = Field(description="lower clip of HU data (A-13)")
    clip_max_hu: float | None = Field(description="upper clip of HU data; [AMB] A-13 states none")
    ct_number: Literal["keep", "shift_to_hu"] = Field(
        description="[AMB] A-13: use 0-4095 data as they are, or subtract 1024 first"
    )
    normalise: Literal["volume", "fixed"] = Field(
        description="[AMB] A-14: 0..1 by the volume's own range, or by the fixed clip range"
    )


class Clahe(Row):
    """Contrast-limited adaptive histogram equalisation; [AMB] B-19 states no settings."""

    clip_limit: Annotated[float, Field(gt=0, le=1)] = Field(
        description="most of a tile's pixels that may share one of 256 greys; 1: no limit"
    )
    tiles: Positive = Field(description="tiles a side, each with a histogram of its own")


class ImageInput(Row):
    """Lattice and intensities of a 2D network (B-19 to B-21, D-03, D-04)."""

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


Input = Annotated[VolumeInput | ImageInput, Field(discriminator="kind")]


class NguyenCnn(Row):
    """3D CNN of Nguyen et al. 2021, Figure 2 (A-27 to A-36)."""

    kind: Literal["nguyen_cnn"]
    first_filters: Positive = Field(description="filters of the first level, then doubled (A-32)")
    pooling: Literal["max", "average"] = Field(description="[AMB] A-36: downsampling operator")
    groups: Positive = Field(description="[AMB] A-36: groups of every GroupNorm")
    dropblock_size: Positive = Field(description="[AMB] A-36: side of a dropped block, voxels")
    dropblock_rate: Share = Field(description="[AMB] A-36: expected dropped share")
    dropout_rate: Share = Field(description="[AMB] A-36: dropout of the dense layers")
    dense_features: Positive = Field(description="outputs of each of the four dense layers (A-34)")


class _Covidnets(Row):
    activation: Literal["none", "relu"] = Field(
        description="[AMB] between the convolutions of a PEPX block: released code has none"
    )
    width: Annotated[float, Field(gt=0, le=1)] = Field(description="share of the paper's channels")
    dense_features: tuple[Positive, Positive] = Field(description="the two hidden dense layers")


class Covidnet(_Covidnets):
    """COVID-Net as published: no normalisation, no average before the dense layers (D-07)."""

    kind: Literal["covidnet"]


class CovidnetRedesign(_Covidnets):
    """COVID-Net as Wang et al. 2020 redesigned it (D-07 to D-10)."""

    kind: Literal["covidnet_redesign"]


class Timm(Row):
    """A network of the timm library; one dense layer takes the place of its head (B-24 to B-26)."""

    kind: Literal["timm"]
    model: Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)?$")] = Field(
        description="name in timm; behind a dot the tag of its weights, where it has several"
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="keyword arguments of timm.create_model"
    )
    pretrained: Annotated[str, Field(min_length=1)] = Field(
        description="what training begins with: none; hub (the Hugging Face hub, or its cache "
        "here); or the path of a file, .safetensors or .pth"
    )
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None, description="of the file of weights; another one is refused. null: any is taken"
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
                f"options has {taken[0]}, which other settings decide; leave out {', '.join(taken)}"
            )
        return options


_NO_OPTIONS = {
    "cache_dir", "checkpoint_path", "device", "dtype", "features_only", "global_pool", "in_chans",
    "num_classes", "pretrained", "pretrained_cfg", "pretrained_cfg_overlay",
}  # fmt: skip

NetworkRow = Annotated[NguyenCnn | Covidnet | CovidnetRedesign | Timm, Field(discriminator="kind")]


class _Methods(Row):
    site_specific: ClassVar[bool] = True


class Erm(_Methods):
    """Empirical risk minimisation over the pooled scans of the training sites."""

    site_specific: ClassVar[bool] = False

    kind: Literal["erm"]


class Sepnorm(_Methods):
    """Every site has normalisations of its own (DSBN, D-12)."""

    kind: Literal["sepnorm"]


class SeriesAdapter(_Methods):
    """Every site has residual adapters after the convolutions (Rebuffi et al. 2017; D-18)."""

    kind: Literal["series_adapter"]


class ParallelAdapter(_Methods):
    """Every site has residual adapters beside the convolutions (Rebuffi et al. 2018; D-18)."""

    kind: Literal["parallel_adapter"]


class Msnet(_Methods):
    """MS-Net (Liu et al. 2020): a head for each site teaches the universal one (D-18)."""

    kind: Literal["msnet"]
    soft: Share = Field(description="share of the teachers' words in the loss, beside the labels")


class Contrastive(_Methods):
    """Separate normalisation and contrastive embeddings (D-12 to D-15)."""

    kind: Literal["contrastive"]
    loss: Literal["negatives_only", "nt_xent"] = Field(
        description="[AMB] D-14: the paper's Eq. 4 has no positive pair in the denominator; "
        "the released code's loss has its own"
    )
    reduction: Literal["mean", "sum"] = Field(description="[AMB] D-15: over the positive pairs")
    temperature: Annotated[float, Field(gt=0)] = Field(description="tau of Eq. 4 (D-15)")
    weight: Annotated[float, Field(ge=0)] = Field(description="alpha of Eq. 5 (D-15)")
    projection: tuple[Positive, Positive] = Field(description="the two dense layers (D-13)")


MethodRow = Annotated[
    Erm | Sepnorm | SeriesAdapter | ParallelAdapter | Msnet | Contrastive,
    Field(discriminator="kind"),
]
