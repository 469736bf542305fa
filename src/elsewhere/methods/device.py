"""device: where a run computes, made deterministic."""

from __future__ import annotations

import ctypes
import os
import platform
import resource

import torch

from elsewhere.design.params import Training


def prepare(training: Training) -> torch.device:
    """Return the device that the budget names, with torch set up for it.

    Algorithms are deterministic, threads as many as the budget says.

    Raises
    ------
    RuntimeError
        If CUDA is asked for and there is none: never silently the CPU.
    ValueError
        If bf16 is asked for on the CPU.
    """
    if training.device == "cuda" and not torch.cuda.is_available():
        raise RuntimeError(
            "budget device is 'cuda', but torch sees no CUDA device here; run on a machine with "
            "one, or set `training.device: cpu` and `precision: fp32` in this row of budgets"
        )
    if training.device == "cpu" and training.precision == "bf16":
        raise ValueError(
            "budget precision is 'bf16' with device 'cpu'; bf16 is for CUDA only, set `precision: "
            "fp32` in this row of budgets"
        )
    # cuBLAS is deterministic only with a workspace of fixed size.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    torch.set_num_threads(training.threads)
    _keep_freed_memory()
    return torch.device(training.device)


def name(device: torch.device) -> str:
    """Return the name of the device's model."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return platform.processor() or platform.machine()


def peak_memory_mb(device: torch.device) -> float:
    """Return the most memory used so far: of the GPU, or of this process (MiB)."""
    if device.type == "cuda":
        return float(torch.cuda.max_memory_allocated(device)) / 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if platform.system() == "Darwin" else peak / 2**10


def _keep_freed_memory() -> None:
    """Let glibc reuse large blocks: mapping them anew takes a quarter of a CPU iteration."""
    if platform.libc_ver()[0] != "glibc":
        return
    trim_threshold, mmap_threshold = -1, -3  # names of mallopt(3)
    libc = ctypes.CDLL(None)
    libc.mallopt(mmap_threshold, 1 << 30)
    libc.mallopt(trim_threshold, (1 << 31) - 1)
