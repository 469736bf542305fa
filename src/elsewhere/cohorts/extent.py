"""extent: shape and range of values of a prepared scan, which its index tells before it is read."""

from __future__ import annotations

from dataclasses import dataclass

from elsewhere.cohorts.view import Voxels

COLUMNS = ("n_slices", "rows", "columns", "value_min", "value_max")  # of index.parquet


@dataclass(frozen=True)
class Extent:
    """Shape and range of values of a prepared scan.

    Attributes
    ----------
    n_slices, rows, columns
        Its shape, [z, y, x].
    value_min, value_max
        Its least and greatest value.
    """

    n_slices: int
    rows: int
    columns: int
    value_min: int
    value_max: int

    @classmethod
    def of(cls, array: Voxels) -> Extent:
        """Return the extent of an array [z, y, x]."""
        n_slices, rows, columns = array.shape
        return cls(n_slices, rows, columns, int(array.min()), int(array.max()))

    @property
    def nbytes(self) -> int:
        """Bytes that it takes as int16; as uint8 it takes half of them."""
        return 2 * self.n_slices * self.rows * self.columns
