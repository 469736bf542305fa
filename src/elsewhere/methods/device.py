"""device: choose the device of a run and make torch deterministic on it."""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import shutil
from importlib.util import find_spec
from pathlib import Path

import torch

from elsewhere.design.budgets import Precision, Prediction, Training


def prepare(row: Training | Prediction) -> torch.device:
    """Set torch up for the device that a row of budgets names, and return that device.

    Torch uses the number of threads in the row and, unless it says otherwise, deterministic
    algorithms. Float32 is float32: no product is rounded to the ten binary digits of TF32, so that
    fp32 means the same on every device.

    Raises
    ------
    RuntimeError
        If the row asks for CUDA and there is none: there is no silent fallback to the CPU.
        The same if it asks for compilation and torch finds no compiler.
    ValueError
        If the row asks for another precision than fp32 on the CPU.
    """
    if row.device == "cuda" and not torch.cuda.is_available():
        raise RuntimeError(
            "budget device is 'cuda', but torch sees no CUDA device here; run on a machine with "
            "one, or set `device: cpu` and `precision: fp32` in this row of budgets"
        )
    if row.device == "cpu" and row.precision != "fp32":
        raise ValueError(
            f"budget precision is '{row.precision}' with device 'cpu'; {row.precision} is for CUDA "
            "only, set `precision: fp32` in this row of budgets"
        )
    if isinstance(row, Training) and row.compile != "none":
        _require_compiler(row)
    # cuBLAS is deterministic only with a workspace of fixed size.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # same effect as use_deterministic_algorithms(True), which takes over a second to load the
    # compiler
    torch.set_deterministic_debug_mode("error" if row.deterministic else "default")
    # slow, and only a guard against reading uninitialised memory
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    # cuDNN times its algorithms and takes the fastest: another one in another run
    torch.backends.cudnn.benchmark = not row.deterministic
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.set_num_threads(row.threads)
    _keep_freed_memory()
    return torch.device(row.device)


def _require_compiler(row: Training) -> None:
    """Raise before the run, not at its first step, if torch cannot compile for the device."""
    needed = "the package triton" if row.device == "cuda" else "a C++ compiler, such as g++"
    there = find_spec("triton") if row.device == "cuda" else _cxx()
    if not there:
        raise RuntimeError(
            f"compile is '{row.compile}', for which torch needs {needed}: install it, or set "
            "`compile: none` in this row of budgets"
        )


def _cxx() -> str | None:
    names = (os.environ.get("CXX", ""), "g++", "clang++", "c++")
    return next((path for name in names if name and (path := shutil.which(name))), None)


def autocast(device: torch.device, precision: Precision) -> torch.autocast:
    """Return the context in which a network computes with a precision; fp32: unchanged."""
    half = torch.float16 if precision == "fp16" else torch.bfloat16
    return torch.autocast(device.type, dtype=half, enabled=precision != "fp32")


def name(device: torch.device) -> str:
    """Return the model name of the device."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def peak_memory_mb(device: torch.device) -> float:
    """Return the peak memory so far, of the GPU or of this process, in MiB."""
    if device.type == "cuda":
        return float(torch.cuda.max_memory_allocated(device)) / 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if platform.system() == "Darwin" else peak / 2**10


def _keep_freed_memory() -> None:
    """Let glibc reuse large freed blocks: mapping them again takes a quarter of a CPU iteration."""
    if platform.libc_ver()[0] != "glibc":
        return
    trim_threshold, mmap_threshold = -1, -3  # names of mallopt(3)
    libc = ctypes.CDLL(None)
    libc.mallopt(mmap_threshold, 1 << 30)
    libc.mallopt(trim_threshold, (1 << 31) - 1)
