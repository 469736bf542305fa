"""rows: base classes and field types of all rows in the tables of settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]*$"
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]
Seed = Annotated[int, Field(ge=0)]
Modality = Literal["volume", "slice", "radiograph"]
Label = Annotated[int, Field(ge=0, le=99)]
Length = Annotated[float, Field(ge=0)]


class Row(BaseModel):
    """A row of a settings table: immutable, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class InputRow(Row):
    """Base of the rows of `inputs`: the lattice and intensities that a network sees.

    Attributes
    ----------
    one_view
        Whether all that is shown of a scan counts for its prediction: the scan as a whole, or the
        mean of several views; else it is the window with the highest P(class 1). Only the former
        can have findings or more than two classes.
    """

    one_view: ClassVar[bool]

    kind: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of what the network sees: ``[1, z, y, x]`` or ``[channels, y, x]``."""
        raise NotImplementedError(f"input kind '{self.kind}' does not say its shape")

    @property
    def mean_of(self) -> Literal["probabilities", "logits"]:
        """What is averaged over the views of a scan; with a single view it makes no difference."""
        return "probabilities"


class AugmentationRow(Row):
    """Base of the rows of `augmentation`: random changes of scans during training.

    Attributes
    ----------
    input_kind
        Kind of input whose scans it changes.
    """

    input_kind: ClassVar[str]

    kind: str


class NetworkRow(Row):
    """Base of the rows of `networks`: one architecture and its sizes.

    Attributes
    ----------
    dimensions
        2: it takes images; 3: volumes; None: either.
    """

    dimensions: ClassVar[Literal[2, 3] | None] = None

    kind: str


class MethodRow(Row):
    """Base of the rows of `methods`: how a network learns from its training sites.

    Attributes
    ----------
    site_specific
        Whether every training site has its own layers; then an arm needs `unseen` for other sites.
    one_label
        Whether it compares scans by their only class, and cannot learn from scans with findings.
    least_batch
        Smallest batch that it can learn from.
    in_rounds
        Whether it trains in rounds of a federation; its history then counts rounds.
    """

    site_specific: ClassVar[bool] = True
    one_label: ClassVar[bool] = False
    least_batch: ClassVar[int] = 1
    in_rounds: ClassVar[bool] = False

    kind: str

    def refusals(self, sites: tuple[str, ...]) -> Iterator[str]:
        """Yield why an arm with these training sites, rows of `sites`, cannot learn; none here."""
        del sites
        yield from ()


class LayoutOptions(Row):
    """Base of the options of a layout: how the files of one site are read.

    Attributes
    ----------
    modality
        Modality of the scans.
    has_findings
        Whether a scan has several findings instead of one label.
    own_labels
        Whether the user says which label a scan has, so that there may be more than two.
    """

    modality: ClassVar[Modality]
    has_findings: ClassVar[bool] = False
    own_labels: ClassVar[bool] = False

    @property
    def highest_label(self) -> int:
        """Highest label that the options give to a scan."""
        return 1

    @property
    def has_readers(self) -> bool:
        """Whether a table holds what readers called the scans (C-30)."""
        return False
