"""start: spares Snakemake what it would do at every start for nothing (private part of 9.27.1)."""

from __future__ import annotations

import gc


def lean() -> None:
    """Make the rest of a start of Snakemake faster; called first when the Snakefile is read.

    A third of the time would go into collections of garbage, which walk through all modules again
    and again; they become rare, and leave out what is loaded already. An eighth would go into the
    import of pandas, which Snakemake wants in order to ask of every value of `params:` whether it
    is a table. The values of our rules are texts.
    """
    gc.freeze()
    gc.set_threshold(100_000, 10, 10)
    try:
        from snakemake.persistence.file import FilePersistence

        FilePersistence._serialize_param = FilePersistence._serialize_param_builtin
    except (ImportError, AttributeError):
        return  # another version asks otherwise
