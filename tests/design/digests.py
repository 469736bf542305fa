"""digests: the digest of every stage of a checkout, in the process that runs in it."""

from pathlib import Path
from typing import Any

from elsewhere.design import params as tables
from elsewhere.design.fingerprint import Hashes, digest, md5
from elsewhere.design.graph import stages
from elsewhere.design.plan import code_text

Lists = dict[str, tuple[tuple[str, ...], str]]


def digests(
    values: dict[str, Any], known: Lists | None = None, changed: str = ""
) -> tuple[dict[str, str], Lists]:
    """Return the digests, and each list of code as its files and hash.

    As `stage_digest`, but each list of code is read once, and those of `known` only if they hold
    the changed file. Rows that name scratch kinds need not fit the rows beside them.
    """
    hashes, lists = Hashes(), dict(known or {})
    graph = stages(tables.Params.model_validate(values))
    for stage in {stage.code_list: stage for stage in graph.values()}.values():
        if stage.code_list not in lists or changed in lists[stage.code_list][0]:
            lists[stage.code_list] = stage.code, md5(code_text(stage, hashes))
    found = {
        name: digest(
            stage.command,
            {key: tables.at_key(values, key) for key in stage.keys},
            lists[stage.code_list][1],
        )
        for name, stage in graph.items()
    }
    return found, lists


def with_a_line_more(
    values: dict[str, Any], known: Lists, files: list[str]
) -> dict[str, dict[str, str]]:
    """Return the digests with a line more in each of these files, one after the other."""
    found = {}
    for name in files:
        file = Path(name)
        text = file.read_text()
        file.write_text(text + "\n# another line\n")
        found[name] = digests(values, known, name)[0]
        file.write_text(text)
    return found
