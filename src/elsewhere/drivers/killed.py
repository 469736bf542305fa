"""killed: whether Slurm ended a job for its memory or its time, and what to ask for instead.

Neither is told by the log of the step, which just stops, nor by the state that the plugin reads:
`squeue` says FAILED of a job that took too much memory. Slurm's own log of the job says it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

# Of `JobAcctGatherParams=OverMemoryKill`; of control groups, in the log; and of the state.
_MEMORY = re.compile(
    r"^(?:slurmstepd\S*|srun): error: .*"
    r"(?:exceeded (?:job |step )?memory limit|oom[-_ ]kill|task \S+ Out Of Memory)"
    r"|'OUT_OF_MEMORY'",
    re.IGNORECASE | re.MULTILINE,
)
_TIME = re.compile(r"CANCELLED AT \S+ DUE TO TIME LIMIT|'TIMEOUT'")
_ENDS = {
    "mem_mb": (_MEMORY, "it took more memory than it asked for"),
    "runtime": (_TIME, "it took more time than it asked for"),
}
_MORE = 2  # times what was not enough; and again at each further attempt


def reason(texts: Sequence[str], rule: str, asked: Mapping[str, Any]) -> str | None:
    """Return why Slurm ended a job, and the option that lets it ask for more; None if it did not.

    Parameters
    ----------
    texts
        Slurm's log of the job, and what the plugin says of its state.
    rule
        Whose job it was.
    asked
        The resources that were not enough.
    """
    for field, (pattern, what) in _ENDS.items():
        if any(pattern.search(text) for text in texts):
            value = asked.get(field)
            stated, more = "", "NUMBER"
            if isinstance(value, int):
                stated, more = f" ({field}={value})", str(value * _MORE)
            return (
                f"Slurm ended it: {what}{stated}; to ask for more, end the "
                f"command with --set-resources '{rule}:{field}=attempt*{more}'"
            )
    return None
