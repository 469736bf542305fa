"""threads: numerical libraries of a job get as many threads as the job has cores.

Each library would else take all cores of the machine, in every job. Snakemake sets the same names
for its jobs; here they are set for `dvc repro` and for a step that a user typed, too.
"""

from __future__ import annotations

import os

COMMON = "OMP_NUM_THREADS"
_NUMEXPR = "NUMEXPR_NUM_THREADS"
_MOST = "NUMEXPR_MAX_THREADS"  # else Blosc2 gives NumExpr all cores when it is imported
_OWN = (  # of single libraries, which ask for the common name only where their own is not set
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    _NUMEXPR,
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)
ONE = dict.fromkeys((COMMON, *_OWN, _MOST), "1")  # of a process that is one of many at work


def limit(cores: int) -> None:
    """Set the threads of libraries that this process has yet to load; what is set already stays.

    A user who sets only the common name means every library. An empty value is none, and of a list,
    which OpenMP takes for nested loops, the first number counts for the others.

    Parameters
    ----------
    cores
        Of the job.
    """
    common = _set(COMMON, str(cores)).partition(",")[0].strip()
    for name in _OWN:
        _set(name, common if common.isdigit() else str(cores))
    _set(_MOST, os.environ[_NUMEXPR])


def _set(name: str, value: str) -> str:
    """Give a name a value unless it has one; return what it has."""
    os.environ[name] = os.environ.get(name) or value
    return os.environ[name]
