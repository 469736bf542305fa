"""params: the typed tables of params.yaml; unknown keys are refused, names are resolved at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]
Seed = Annotated[int, Field(ge=0)]


class ParamsError(ValueError):
    """params.yaml cannot be used; the message names the key and what to do."""


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
    options: dict[str, Any] = Field(default_factory=dict, description="options of the layout")


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


class ImageInput(Row):
    """Lattice and intensities of a 2D network (D-03, D-04)."""

    kind: Literal["image"]
    matrix: Positive = Field(description="rows and columns that the network sees (D-03)")
    stored_matrix: Positive = Field(
        description="rows and columns kept by prepare; a random crop of `matrix` is trained on"
    )
    channels: Literal[1, 3] = Field(description="grey is repeated to this many channels")
    normalise: Literal["image", "imagenet"] = Field(
        description="D-03: zero mean, unit variance per image; the released code: ImageNet's"
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


class CovidnetRedesign(Row):
    """COVID-Net as Wang et al. 2020 redesigned it (D-07 to D-10)."""

    kind: Literal["covidnet_redesign"]
    activation: Literal["none", "relu"] = Field(
        description="[AMB] between the convolutions of a PEPX block: released code has none"
    )
    width: Annotated[float, Field(gt=0, le=1)] = Field(description="share of the paper's channels")
    dense_features: tuple[Positive, Positive] = Field(description="the two hidden dense layers")


NetworkRow = Annotated[NguyenCnn | CovidnetRedesign, Field(discriminator="kind")]


class Erm(Row):
    """Empirical risk minimisation over the pooled scans of the training sites."""

    kind: Literal["erm"]


class VolumeAugmentation(Row):
    """Random changes of Nguyen et al. 2021 (A-17, A-44 to A-48); probabilities."""

    kind: Literal["volume"]
    power_of_two: Share = Field(description="normalise to 0..max/2^n instead of 0..1 (A-17)")
    gate: Share = Field(description="apply any of the following at all (A-44)")
    flip: Share = Field(description="flip, each axis on its own (A-45)")
    transpose: Share = Field(description="exchange rows and columns (A-46)")
    rotate: Literal["quarter_turns", "none"] = Field(description="{0,1,2,3} x 90 degrees (A-47)")
    scale: Share = Field(description="apply a uniform 0..1 factor (A-48)")
    scale_mode: Literal["intensity", "spatial"] = Field(description="[AMB] A-48")


class ImageAugmentation(Row):
    """Random changes of Wang et al. 2020 (D-04); probabilities."""

    kind: Literal["image"]
    crop: bool = Field(description="random crop of `matrix` from `stored_matrix`")
    flip_vertical: Share
    flip_horizontal: Share


Augmentation = Annotated[VolumeAugmentation | ImageAugmentation, Field(discriminator="kind")]


class OnDevice(Row):
    """Where and how exactly a network computes."""

    device: Literal["cpu", "cuda"] = Field(description="cuda without a GPU is an error")
    precision: Literal["fp32", "bf16"] = Field(description="bf16: autocast, CUDA only")
    batch_size: Positive
    threads: Positive = Field(description="CPU threads of one job")

    @model_validator(mode="after")
    def _precision_fits(self) -> Self:
        if self.device == "cpu" and self.precision == "bf16":
            raise ValueError("precision is bf16, which needs device: cuda; use fp32 on a CPU")
        return self


class Training(OnDevice):
    """How long and how a run learns (A-39 to A-48; D-11, D-16)."""

    iterations: Positive = Field(description="optimiser steps")
    sampling: Literal["pooled", "equal_per_site"] = Field(
        description="pooled: all sites shuffled; equal_per_site: small sites re-loaded (D-05)"
    )
    learning_rate: Annotated[float, Field(gt=0)]
    weight_decay: Annotated[float, Field(ge=0)]
    schedule: Literal["constant", "cosine"] = Field(description="cosine: D-11, to 0")
    clip_gradient: Annotated[float, Field(gt=0)] | None = Field(description="norm; null: none")
    validate_every: Positive = Field(description="iterations between validations (A-42)")
    ties: Literal["first", "last"] = Field(
        description="[AMB] A-43: which of equal validation accuracies is kept"
    )
    checkpoint_every: Positive = Field(description="iterations that a kill loses at most")
    augmentation: Augmentation


class Prediction(OnDevice):
    """How a trained network is applied (A-16, A-57)."""

    mc_passes: Annotated[int, Field(ge=0)] = Field(
        description="[AMB] A-57: Monte-Carlo dropout passes; 0: none"
    )
    mc_dropblock: bool = Field(description="[AMB] A-57: is DropBlock active in these passes")


class Budget(Row):
    """What a run may cost: training and prediction, told apart so that each invalidates its own."""

    training: Training
    prediction: Prediction


class Split(Row):
    """Patients to train, validation and test (A-18 to A-26; D-06)."""

    kind: Literal["holdout", "folds"]
    folds: Positive = Field(description="holdout: 1; folds: every patient is tested once")
    test: Share = Field(description="holdout only; folds test 1/folds")
    validation: Share = Field(description="share of all patients")
    seed: Seed

    @model_validator(mode="after")
    def _parts_fit(self) -> Split:
        if self.kind == "holdout" and self.folds != 1:
            raise ValueError(f"folds is {self.folds}, but a holdout split has exactly 1")
        if self.kind == "folds" and self.folds < 2:
            raise ValueError(f"folds is {self.folds}, but cross-validation needs at least 2")
        test = self.test if self.kind == "holdout" else 1 / self.folds
        if not 0 < test + self.validation < 1:
            raise ValueError(f"test {test} and validation {self.validation} leave no training part")
        return self


class Scoring(Row):
    """Thresholds and intervals (A-52 to A-57)."""

    threshold_from: Literal["training_sites", "test_site"] = Field(
        description="[AMB] A-52: whose validation part chooses the threshold of a cell"
    )
    confidence: Annotated[float, Field(gt=0, lt=1)]
    bootstrap: Positive = Field(description="patient-clustered resamples")
    seed: Seed


class Arm(Row):
    """A row of the matrix: sites are the study's own names, a scale gives each its row."""

    sites: tuple[Name, ...] = Field(min_length=1)
    method: Name
    network: Name


class Scale(Row):
    """Which rows a study uses at one size."""

    input: Name
    budget: Name
    sites: dict[Name, Name] = Field(description="the study's name of a site: row of `sites`")
    networks: dict[Name, Name] = Field(
        default_factory=dict, description="rows that stand in for the arms' networks at this size"
    )


class Study(Row):
    """A paper's experiment."""

    title: str
    citation: str
    classes: tuple[str, str] = Field(description="names of label 0 and label 1")
    published: str | None = Field(
        description="published numbers, in src/elsewhere/figures/published"
    )
    split: Split
    seeds: tuple[Seed, ...] = Field(min_length=1)
    scoring: Scoring
    scales: dict[Name, Scale]
    arms: dict[Name, Arm]
    averages_without: tuple[Name, ...] = Field(
        description="sites left out of the second Average confusion matrix (A-54)"
    )


class Params(Row):
    """All that a user sets."""

    scale: Name
    run: tuple[Name, ...] = Field(min_length=1)
    sites: dict[Name, Site]
    phantoms: dict[Name, dict[str, Any]]
    inputs: dict[Name, Input]
    networks: dict[Name, NetworkRow]
    methods: dict[Name, Erm]
    budgets: dict[Name, Budget]
    studies: dict[Name, Study]

    @model_validator(mode="after")
    def _names_resolve(self) -> Params:
        for problem in self._problems():
            raise ValueError(problem)
        return self

    def _problems(self) -> list[str]:
        found = []
        for name in self.run:
            if name not in self.studies:
                found.append(f"run: no study '{name}'; there are {_list(self.studies)}")
            elif self.scale not in self.studies[name].scales:
                known = _list(self.studies[name].scales)
                found.append(
                    f"scale: study '{name}' has no scale '{self.scale}', it has {known}; "
                    "choose one of these or take the study out of run"
                )
        for name, study in self.studies.items():
            found += self._study_problems(f"studies.{name}", study)
        for name in self.phantoms:
            if name not in self.sites or not self.sites[name].synthetic:
                found.append(f"phantoms.{name}: sites.{name} is missing or not `synthetic: true`")
        return found

    def _study_problems(self, at: str, study: Study) -> list[str]:
        found = []
        for scale_name, scale in study.scales.items():
            where = f"{at}.scales.{scale_name}"
            found += _missing(f"{where}.input", [scale.input], self.inputs, "inputs")
            found += _missing(f"{where}.budget", [scale.budget], self.budgets, "budgets")
            found += _missing(f"{where}.sites", scale.sites.values(), self.sites, "sites")
            both = [*scale.networks, *scale.networks.values()]
            found += _missing(f"{where}.networks", both, self.networks, "networks")
        declared = {site for scale in study.scales.values() for site in scale.sites}
        for arm_name, arm in study.arms.items():
            where = f"{at}.arms.{arm_name}"
            found += _missing(f"{where}.method", [arm.method], self.methods, "methods")
            found += _missing(f"{where}.network", [arm.network], self.networks, "networks")
            found += _missing(f"{where}.sites", arm.sites, declared, f"{at}.scales.*.sites")
        found += _missing(f"{at}.averages_without", study.averages_without, declared, at)
        return found


def _list(names: Any) -> str:
    return ", ".join(sorted(names))


def _missing(at: str, names: Any, table: Any, table_name: str) -> list[str]:
    return [
        f"{at}: '{name}' is not in {table_name}; there are {_list(table)}"
        for name in names
        if name not in table
    ]


def read(path: Path) -> dict[str, Any]:
    """Parse a YAML file into plain values.

    Raises
    ------
    ParamsError
        If the file is missing, is not YAML, or repeats a key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ParamsError(
            f"{path.resolve()}: no such file; run from the project's top folder"
        ) from None
    try:
        values = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise ParamsError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(values, dict):
        raise ParamsError(f"{path}: expected tables, got {type(values).__name__}")
    return values


def parse(values: dict[str, Any]) -> Params:
    """Check plain values against the tables.

    Raises
    ------
    ParamsError
        Naming every key that is wrong and what was expected.
    """
    try:
        return Params.model_validate(values)
    except ValidationError as error:
        lines = []
        for item in error.errors():
            at = ".".join(str(part) for part in item["loc"]) or "params"
            got = item.get("input")
            shown = f" (got {got!r})" if isinstance(got, str | int | float | bool) else ""
            lines.append(f"  {at}: {item['msg'].removeprefix('Value error, ')}{shown}")
        raise ParamsError("params.yaml cannot be used:\n" + "\n".join(lines)) from error


def at_key(values: Any, key: str) -> Any:
    """Return what stands at a dotted key, in plain values or in the typed tables.

    Raises
    ------
    ParamsError
        If there is nothing at this key.
    """
    for part in key.split("."):
        try:
            values = values[part] if isinstance(values, dict) else getattr(values, part)
        except (KeyError, AttributeError):
            raise ParamsError(f"params.yaml: nothing at '{key}' (no '{part}')") from None
    return values


def load(path: Path = Path("params.yaml")) -> Params:
    """Read and check params.yaml."""
    return parse(read(path))


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML 1.2 scalars, as DVC reads them: `1e-5` is a number, `no` and `on` are text.

    A repeated key is refused; YAML 1.1 silently keeps the last.
    """

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


_SCALARS = {
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?[0-9]+", "-+0123456789"),
    "float": (
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)"
        r"|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
    "null": (r"~|null|Null|NULL|", "~nN\0"),
    "merge": (r"<<", "<"),
}
for _tag, (_pattern, _first) in _SCALARS.items():
    _characters = ["" if character == "\0" else character for character in _first]
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _characters
    )


def _int(loader: Any, node: yaml.ScalarNode) -> int:
    return int(loader.construct_scalar(node))  # YAML 1.1 reads 010 as 8


def _mapping(loader: Any, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
    del deep
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        line = key_node.start_mark.line + 1
        if not isinstance(key, str):
            raise yaml.YAMLError(
                f"line {line}: key {key_node.value!r} reads as {key!r}; write it in quotes"
            )
        if key in found:
            raise yaml.YAMLError(f"line {line}: key {key!r} stands twice")
        found[key] = loader.construct_object(value_node, deep=True)
    return found


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_Loader.add_constructor("tag:yaml.org,2002:int", _int)
