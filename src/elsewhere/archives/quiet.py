"""quiet: libraries that write identifiers to logs and warnings say nothing while a pull runs.

pynetdicom logs the identifiers of every query, dicomweb-client and urllib3 log addresses that hold
study UIDs and accession numbers, pydicom warns with the value that it dislikes. What a user must
know of their errors is said by this room, in words that name nobody.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

TALKATIVE = ("dicomweb_client", "pydicom", "pynetdicom", "requests", "retrying", "urllib3")
_NOTHING = logging.CRITICAL + 1


@contextmanager
def quiet() -> Iterator[None]:
    """Silence them, whatever level their children have; restore them afterwards.

    Enter before threads start: warnings are filtered for the whole process.
    """
    silenced = [logging.getLogger(name) for name in _children()]
    before = [logger.level for logger in silenced]
    for logger in silenced:
        logger.setLevel(_NOTHING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(silenced, before, strict=True):
            logger.setLevel(level)


def _children() -> list[str]:
    known = [name for name in logging.root.manager.loggerDict if name.startswith(TALKATIVE)]
    return sorted({*TALKATIVE, *known})
