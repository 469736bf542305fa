"""__main__: `python -m elsewhere`, which needs no installed script."""

from __future__ import annotations

import atexit
import os
import sys

from elsewhere.cli import main


def leave() -> None:
    """End a process whose work is done, without freeing each object that torch made.

    To free them takes a tenth of the time of a cell. What asked to run at exit has run.
    """
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    try:
        main()
    except SystemExit as end:
        if not end.code and "torch" in sys.modules:
            leave()
        raise
