"""uncached: sites whose volumes stay out of DVC's cache, to be made again from their raw data."""

from __future__ import annotations

from pydantic import Field

from elsewhere.design.rows import Row


class UncachedRow(Row):
    """A row of `uncached`, by the name of its site; no result depends on it."""

    arrays: bool = Field(True, description="its prepared arrays stay out of the cache, too")
