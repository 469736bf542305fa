"""device: the device of a run, its name and its memory."""

import subprocess
import sys

import pytest
import torch

from elsewhere.methods import device


def test_cuda_that_is_absent_is_an_error_that_says_what_to_do(training, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match=r"no CUDA device here.*device: cpu"):
        device.prepare(training.model_copy(update={"device": "cuda"}))


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_is_for_cuda(training, precision):
    with pytest.raises(ValueError, match=f"{precision} is for CUDA only"):
        device.prepare(training.model_copy(update={"precision": precision}))


def test_cpu_is_deterministic_with_the_threads_of_the_budget(training):
    assert device.prepare(training) == torch.device("cpu")
    assert torch.are_deterministic_algorithms_enabled()
    assert torch.get_num_threads() == 1


@pytest.mark.parametrize("deterministic", [True, False])
def test_the_fastest_algorithm_is_looked_for_only_where_bits_may_differ(training, deterministic):
    """And float32 is never rounded to TF32."""
    backends = torch.backends
    before = (backends.cudnn.benchmark, backends.cudnn.allow_tf32)
    try:
        device.prepare(training.model_copy(update={"deterministic": deterministic}))
        assert torch.are_deterministic_algorithms_enabled() == deterministic
        assert backends.cudnn.benchmark != deterministic
        assert not backends.cudnn.allow_tf32
        assert not backends.cuda.matmul.allow_tf32
    finally:
        device.prepare(training)
        backends.cudnn.benchmark, backends.cudnn.allow_tf32 = before


def test_a_missing_compiler_is_an_error_before_the_run(training, monkeypatch):
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RuntimeError, match=r"such as g\+\+: install it, or set `compile: none`"):
        device.prepare(training.model_copy(update={"compile": "compile"}))


def test_a_deterministic_prediction_does_not_load_the_compiler():
    code = """
import sys
from elsewhere.design.budgets import Prediction
from elsewhere.methods import device
import elsewhere.steps.predict
row = dict(device="cpu", precision="fp32", batch_size=1, threads=1, mc_passes=0, mc_dropblock=True)
device.prepare(Prediction(**row))
sys.exit("torch._dynamo" in sys.modules or "torch._inductor" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_name_and_memory():
    cpu = torch.device("cpu")
    assert device.name(cpu)
    assert 50 < device.peak_memory_mb(cpu) < 100_000
