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
