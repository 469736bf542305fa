"""One iteration: a step for each loss, the mean gradient of the pieces of a batch."""

import pytest
import torch
from federated_fit import Tiny, cohorts, settings

from elsewhere.methods.descent import Descent
from elsewhere.methods.erm import cross_entropy
from elsewhere.methods.feed import assembled


@pytest.mark.parametrize(("size", "pieces"), [(4, [4]), (2, [2, 2]), (3, [3, 1])])
def test_pieces_of_a_batch_give_one_step_along_their_mean_gradient(tmp_path, size, pieces):
    """B-27; the rest of an epoch may be smaller than the others."""
    budget = settings(tmp_path)
    row = budget.training.model_copy(update={"batch_size": size, "momentum": 0.0})
    train = cohorts(1)
    batch = assembled({"a": train["a"]}, budget, 0, plan=[("a", index) for index in range(4)])
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
