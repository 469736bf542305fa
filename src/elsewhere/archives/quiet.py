"""quiet: silence libraries whose logs and warnings hold patient identifiers while a pull runs.

pynetdicom logs the identifiers of every query. dicomweb-client and urllib3 log addresses that hold
study UIDs and accession numbers. pydicom quotes invalid values in its warnings. The errors of
`elsewhere.archives` report what a user needs to know, without identifiers.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

SILENCED = ("dicomweb_client", "pydicom", "pynetdicom", "requests", "retrying", "urllib3")
_ABOVE_ALL = logging.CRITICAL + 1


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the loggers of `SILENCED`, their children and all warnings; restore them afterwards.

    Enter the block before threads start: warnings are filtered for the whole process.
    """
    loggers = [logging.getLogger(name) for name in _logger_names()]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(_ABOVE_ALL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _logger_names() -> list[str]:
    existing = [name for name in logging.root.manager.loggerDict if name.startswith(SILENCED)]
    return sorted({*SILENCED, *existing})
