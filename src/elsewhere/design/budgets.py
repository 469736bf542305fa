"""budgets: settings of training and prediction: device, iterations, optimiser, augmentation."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from elsewhere.design.kinds import Of
from elsewhere.design.rows import AugmentationRow, Positive, Row

Decay = Annotated[float, Field(ge=0, lt=1)]
Precision = Literal["fp32", "bf16", "fp16"]
Compile = Literal["none", "compile", "cuda_graphs"]
Recompute = Literal["none", "cheap", "blocks"]


class OnDevice(Row):
    """Device and precision of a network."""

    device: Literal["cpu", "cuda"] = Field(description="cuda without a GPU is an error")
    precision: Precision = Field(
        description="bf16: autocast, CUDA only; fp16: the same, with the loss scaled, for cards "
        "without bf16"
    )
    batch_size: Positive
    threads: Positive = Field(description="CPU threads of one job")
    deterministic: bool = Field(
        True,
        description="the same bits every time on one device; false: torch may choose the fastest "
        "of its algorithms, on CUDA by trying them out, and results differ in their last digits",
    )

    @model_validator(mode="after")
    def _precision_fits(self) -> Self:
        if self.device == "cpu" and self.precision != "fp32":
            raise ValueError(
                f"precision is {self.precision}, which needs device: cuda; use fp32 on a CPU"
            )
        return self


class Training(OnDevice):
    """How long and how a network is trained (A-39 to A-48; D-11, D-16)."""

    iterations: Positive = Field(description="optimiser steps")
    iterations_per: Literal["run", "site"] | Positive = Field(
        "run",
        description="site: iterations, warm_up and validate_every are "
        "multiplied by the number of training sites, so that a site's scans are seen equally "
        "often in every arm (D-16). A number: they are for so many training scans, and an arm with "
        "twice as many trains twice as long, so that all arms train for equally many epochs (B-39)",
    )
    accumulate: Positive = Field(
        1, description="B-27: number of batches whose mean gradient gives one optimiser step"
    )
    sampling: Literal["pooled", "equal_per_site"] = Field(
        description="pooled: all sites shuffled; equal_per_site: small sites re-loaded (D-05)"
    )
    optimizer: Literal["adam", "sgd"] = Field("adam", description="sgd: C-15, with momentum")
    momentum: Decay | None = Field(None, description="of sgd (C-15, C-19)")
    betas: tuple[Decay, Decay] = Field(
        (0.9, 0.999), description="[AMB] A-43: of adam, how much of its two moments a step keeps"
    )
    learning_rate: Annotated[float, Field(gt=0)]
    weight_decay: Annotated[float, Field(ge=0)]
    weight_decay_on: Literal["all", "kernels"] = Field(
        "all",
        description="kernels: not on tensors of one dimension, which are biases and the scales of "
        "normalisations, as in the released code of C-15",
    )
    class_weights: tuple[Annotated[float, Field(gt=0)], ...] | None = Field(
        None,
        min_length=2,
        description="C-15: weight of each class in the cross-entropy, in the order of the study's "
        "`classes`; null: all alike",
    )
    warm_up: Annotated[int, Field(ge=0)] = Field(
        0,
        description="C-15: iterations in which the learning rate rises linearly to its value; the "
        "schedule follows",
    )
    schedule: Literal["constant", "cosine", "inverse_time"] = Field(
        description="cosine: D-11, to 0; inverse_time: learning_rate / (1 + decay * iteration)"
    )
    decay: Annotated[float, Field(ge=0)] | None = Field(
        None, description="of inverse_time: Keras' decay (B-27)"
    )
    clip_gradient: Annotated[float, Field(gt=0)] | None = Field(description="norm; null: none")
    validate_every: Positive = Field(description="iterations between validations (A-42)")
    select_by: Literal["accuracy", "auc"] = Field(
        "accuracy",
        description="validation score that chooses the weights: accuracy (A-42), or AUC, with "
        "findings the mean over those that have both labels",
    )
    ties: Literal["first", "last"] = Field(
        description="[AMB] A-43: which of equal validations is kept"
    )
    checkpoint_minutes: Annotated[float, Field(ge=0)] = Field(
        5, description="most minutes of training that a killed run loses; 0: save each iteration"
    )
    augmentation: Annotated[AugmentationRow, Of("augmentations")]
    compile: Compile = Field(
        "none",
        description="compile: torch.compile fuses what lies between convolutions; results differ "
        "in their last digits. cuda_graphs: the same, and its kernels are replayed, CUDA only",
    )
    fused: bool = Field(
        False,
        description="ReLU, normalisation and DropBlock in one operation where the network has them "
        "in this order (nguyen_cnn): fewer passes over memory, results differ in their last digits",
    )
    recompute: Recompute = Field(
        "none",
        description="computed again in the backward pass instead of kept; results are equal. "
        "cheap: what lies between convolutions (nguyen_cnn); blocks: whole blocks of a network",
    )

    @model_validator(mode="after")
    def _steps_fit(self) -> Self:
        if self.compile == "cuda_graphs" and self.device != "cuda":
            raise ValueError(
                "compile is cuda_graphs, which needs device: cuda; use none or compile on a CPU"
            )
        if self.compile != "none" and (self.recompute != "none" or self.fused):
            raise ValueError(
                f"compile is {self.compile}, recompute {self.recompute} and fused {self.fused}: a "
                "compiler decides itself what it fuses and computes again; use compile: none, or "
                "recompute: none and fused: false"
            )
        return self

    @model_validator(mode="after")
    def _decay_fits(self) -> Self:
        if (self.decay is None) == (self.schedule == "inverse_time"):
            raise ValueError(
                f"schedule is {self.schedule} and decay {self.decay}: inverse_time needs a decay, "
                "the others have none"
            )
        return self

    @model_validator(mode="after")
    def _momentum_fits(self) -> Self:
        if (self.momentum is None) == (self.optimizer == "sgd"):
            raise ValueError(
                f"optimizer is {self.optimizer} and momentum {self.momentum}: sgd needs a "
                "momentum, which may be 0, and adam has none"
            )
        return self

    @model_validator(mode="after")
    def _warm_up_fits(self) -> Self:
        if self.warm_up >= self.iterations:
            raise ValueError(
                f"warm_up is {self.warm_up}, but there are {self.iterations} iterations; give fewer"
            )
        return self

    @model_validator(mode="after")
    def _counts_fit(self) -> Self:
        if isinstance(self.iterations_per, int) and self.sampling != "pooled":
            raise ValueError(
                f"iterations_per is {self.iterations_per} scans and sampling {self.sampling}: only "
                "pooled scans are all seen equally often; use iterations_per: site"
            )
        return self

    def of_run(self, sites: int, *, scans: int) -> Self:
        """Return this row for a run, with the counts of the whole run.

        Parameters
        ----------
        sites, scans
            Training sites, and their training scans together.
        """
        if self.iterations_per == "run":
            return self
        if self.iterations_per == "site":
            scans, of_scans = sites, 1
        else:
            of_scans = self.iterations_per
        counts = ("iterations", "validate_every")
        run = {name: -(-getattr(self, name) * scans // of_scans) for name in counts}  # rounded up
        run["warm_up"] = self.warm_up * scans // of_scans  # down: it stays below iterations
        return self.model_copy(update=run | {"iterations_per": "run"})


class Prediction(OnDevice):
    """How a trained network is applied to scans (A-16, A-57)."""

    mc_passes: Annotated[int, Field(ge=0)] = Field(
        0,
        description="[AMB] A-57: Monte-Carlo dropout passes; 0: none. They are made where a metric "
        "of the study needs them and test scans have both classes",
    )
    mc_dropblock: bool = Field(False, description="[AMB] A-57: is DropBlock active in these passes")


class Budget(Row):
    """Settings of training and of prediction; a change of one does not make the other stale."""

    training: Training
    prediction: Prediction
