"""arm: settings of an arm, a row of the matrix: training sites, method and network."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from elsewhere.design.rows import Name, Row

Unseen = Literal["mean", "nearest", "test_time", "ensemble"]


class Arm(Row):
    """A row of the matrix; its sites are names of the study, which a scale maps to rows."""

    sites: tuple[Name, ...] = Field(min_length=1)
    method: Name
    network: Name
    title: str | None = Field(None, description="in figures; null: sites, method and network")
    selection: Literal["validation", "test"] = Field(
        "validation",
        description="part that chooses the weights; test, as in the released code of Wang et al. "
        "2020, is optimistic and marked so in all results",
    )
    unseen: Unseen | None = Field(
        None,
        description="D-44: layers for a site not seen in training, if the method gives each "
        "training site its own",
    )
    anonymous: bool = Field(
        False, description="treat the training sites as not seen in training, too"
    )
    models_of: Name | None = Field(
        None, description="arm whose models this one applies; it trains none"
    )
    starts_from: Name | None = Field(
        None,
        description="C-20: arm with whose model of the same fold and seed the training begins",
    )
    federation: Name | None = Field(
        None,
        description="folder in data/federations, from `elsewhere federation import`: hospitals "
        "have trained the model together, it is not trained here",
    )
