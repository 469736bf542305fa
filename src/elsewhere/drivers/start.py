"""start: what makes a start of a step and of Snakemake faster (private part of 9.27.1)."""

from __future__ import annotations

import gc


def step(name: str, wildcards: list[str], expect: str | None) -> None:
    """Run a step as a driver or a user started it; see `execute.run`.

    Garbage is not collected until the step is loaded (`execute`): that would take an eighth of the
    time.
    """
    gc.disable()
    try:
        from elsewhere.drivers import execute

        if execute.is_by_hand(expect):
            from elsewhere.drivers import by_hand

            by_hand.run(name, wildcards)
        else:
            execute.run(name, wildcards, expect=expect)
    finally:
        gc.enable()


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
