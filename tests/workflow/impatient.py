"""impatient: Snakemake that asks twice a second how its jobs on a cluster do.

The plugin asks after 10 seconds, and 10 later each time that no job has ended. A test would mostly
wait for that. The jobs themselves are started without this.
"""

import asyncio
import sys
from typing import Any

from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

EVERY_S = 0.5


async def _soon(_: Any) -> None:
    await asyncio.sleep(EVERY_S)


if __name__ == "__main__":
    RemoteExecutor.sleep = _soon
    sys.exit(main())
