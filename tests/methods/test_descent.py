"""One iteration: a step for each loss, the mean gradient of the pieces of a batch."""

import pytest
import torch
from federated_fit import Tiny, cohorts, settings

from elsewhere.methods.descent import Descent
from elsewhere.methods.erm import cross_entropy
from elsewhere.methods.feed import Batch, fed
from elsewhere.networks.network import build
from elsewhere.networks.recompute import _Again


@pytest.mark.parametrize("how", [{"fused": True}, {"recompute": "cheap"}, {"recompute": "blocks"}])
def test_a_step_is_computed_as_the_budget_asks(tmp_path, applied, how):
    """With the same draws and equal or near numbers, whatever way is chosen."""
    moved = []
    for changes in ({}, how):
        budget = settings(tmp_path)
        row = budget.training.model_copy(update={"momentum": 0.0, **changes})
        torch.manual_seed(1)
        network = build(applied.network, applied.input)
        before = [value.detach().clone() for value in network.parameters()]
        batch = Batch(torch.rand(2, 1, 16, 32, 32), torch.tensor([0, 1]), ("a", "a"))
        descent = Descent(network, row, device=torch.device("cpu"))
        descent.step(batch, [cross_entropy], seed=(0, 0), rate=0.1)
        moved.append([p.detach() - b for p, b in zip(network.parameters(), before, strict=True)])
        ways = {(level.fused, isinstance(level.forward, _Again)) for level in network.levels}
        assert ways == {("fused" in changes, changes.get("recompute") == "blocks")}
        assert network.levels.cheap == (changes.get("recompute") == "cheap")
    far = max(float(plain.abs().max()) for plain in moved[0])
    for plain, other in zip(*moved, strict=True):
        near = 1e-3 * far if "fused" in how else 0.0
        torch.testing.assert_close(other, plain, rtol=0, atol=near)


def fp16(tmp_path, **changes):
    """A network on a processor, a batch, and a descent in fp16, which a budget has on CUDA only."""
    budget = settings(tmp_path)
    row = budget.training.model_copy(
        update={"precision": "fp16", "batch_size": 4, "momentum": 0.0, **changes}
    )
    train = cohorts(1)
    (batch,) = fed({"a": train["a"]}, budget, [(0, [("a", index) for index in range(4)])])
    torch.manual_seed(1)
    network = Tiny()
    return network, batch, Descent(network, row, device=torch.device("cpu"))


@pytest.mark.parametrize("clip", [None, 1e-3])
def test_fp16_takes_the_step_of_fp32_and_loses_no_small_gradient(tmp_path, clip):
    """A gradient of 1e-8 is 0 in fp16; the loss is scaled before it is differentiated."""
    moved = []
    for precision in ("fp16", "fp32"):
        network, batch, descent = fp16(tmp_path, precision=precision, clip_gradient=clip)
        before = [value.detach().clone() for value in network.parameters()]

        def small(network, batch):
            return cross_entropy(network, batch) * 1e-6

        descent.step(batch, [small], seed=(0, 0), rate=1e3)
        moved.append(
            [now.detach() - old for now, old in zip(network.parameters(), before, strict=True)]
        )
    for half, full in zip(*moved, strict=True):
        assert (half - full).abs().max() <= 0.05 * full.abs().max() + 1e-7


def test_fp16_skips_a_step_whose_gradient_is_not_finite_and_scales_less_afterwards(tmp_path):
    network, batch, descent = fp16(tmp_path)
    before = [value.detach().clone() for value in network.parameters()]
    scale = descent.scaler.get_scale()

    def huge(network, batch):
        return cross_entropy(network, batch) * 1e38

    descent.step(batch, [huge], seed=(0, 0), rate=0.1)
    assert all(torch.equal(old, now) for old, now in zip(before, network.parameters(), strict=True))
    assert descent.scaler.get_scale() == scale / 2
    assert descent.scaler.state_dict()["scale"] == scale / 2


@pytest.mark.parametrize(("size", "pieces"), [(4, [4]), (2, [2, 2]), (3, [3, 1])])
def test_pieces_of_a_batch_give_one_step_along_their_mean_gradient(tmp_path, size, pieces):
    """B-27; the rest of an epoch may be smaller than the others."""
    budget = settings(tmp_path)
    row = budget.training.model_copy(update={"batch_size": size, "momentum": 0.0})
    train = cohorts(1)
    (batch,) = fed({"a": train["a"]}, budget, [(0, [("a", index) for index in range(4)])])
    torch.manual_seed(1)
    network = Tiny()
    before = network.classifier.bias.detach().clone()
    means = []
    for piece in batch.cut(size):
        network.zero_grad()
        network.train()
        cross_entropy(network, piece).backward()
        means.append(network.classifier.bias.grad.clone())
    assert [len(piece.sites) for piece in batch.cut(size)] == pieces
    expected = torch.stack(means).mean(0) + row.weight_decay * before
    descent = Descent(network, row, device=torch.device("cpu"))
    descent.step(batch, [cross_entropy], seed=(0, 0), rate=0.1)
    moved = before - network.classifier.bias.detach()
    torch.testing.assert_close(moved, 0.1 * expected, atol=1e-6, rtol=1e-4)
