"""threads: numerical libraries of a job get as many threads as the job has cores.

Each library would else take all cores of the machine, in every job. Snakemake sets the same names
for its jobs; here they are set for `dvc repro` and for a step that a user typed, too.
"""

from __future__ import annotations

import os

COMMON = "OMP_NUM_THREADS"
_OWN = (  # of single libraries, which ask for the common name only where their own is not set
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",  # else Blosc2 gives NumExpr all cores when it is imported
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)


def limit(cores: int) -> None:
    """Set the threads of libraries that this process has yet to load; what is set already stays.

    A user who sets only the common name means every library.

    Parameters
    ----------
    cores
        Of the job.
    """
    common = os.environ.setdefault(COMMON, str(cores))
    for name in _OWN:
        os.environ.setdefault(name, common)
