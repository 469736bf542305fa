"""results: where and on what machine a benchmark was measured; its section of RESULTS.md."""

from __future__ import annotations

import os
import platform
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")


def machine() -> str:
    cpu = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    load = os.getloadavg()[0]
    return f"{cpu}, {os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}"


def write_section(heading: str, new: str) -> None:
    """Put a section in the place of the older one of the same heading, or at the end."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else "# Benchmarks\n"
    before, found, rest = text.partition(heading)
    after = rest.partition("\n## ")
    tail = f"## {after[2]}" if found and after[1] else ""
    RESULTS.write_text(
        f"{before.rstrip()}\n\n{new}{chr(10) + tail if tail else ''}".lstrip(), encoding="utf-8"
    )


def most_memory() -> float:
    """Return the most bytes that this process has held."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) * 1024
