"""The training loop."""

import dataclasses
import os
import signal

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from elsewhere.cohorts.cohort import ArrayCache
from elsewhere.design.networks.covidnet import Covidnet
from elsewhere.design.networks.covidnet_redesign import CovidnetRedesign
from elsewhere.methods.erm import cross_entropy
from elsewhere.methods.inference import InferenceOptions, probabilities_of
from elsewhere.methods.loop import learn
from elsewhere.networks.network import build

ROW = CovidnetRedesign(
    kind="covidnet_redesign",
    activation="relu",
    width=0.25,
    dense_features=(32, 16),
    averaged="stage",
)


def probabilities_many(network, arrays, *, options):
    return probabilities_of(network, map(options.passes.packed, arrays), options=options)


def new_network(budget):
    torch.manual_seed(budget.seed)
    return build(ROW, budget.input)


def changed(budget, **values):
    return dataclasses.replace(budget, training=budget.training.model_copy(update=values))


def same_weights(a, b):
    return all(torch.equal(x, y) for x, y in zip(a.parameters(), b.parameters(), strict=True))


def options(budget) -> InferenceOptions:
    return InferenceOptions(input=budget.input, site=None, batch_size=2, device=torch.device("cpu"))


def test_learns_what_can_be_learned(train, valid, budget):
    budget = changed(budget, iterations=25, learning_rate=3e-3)
    fitted = learn(new_network(budget), train, valid, budget, losses=[cross_entropy])
    assert fitted.best.score == 1.0
    assert fitted.history[-1].loss < fitted.history[0].loss


def test_validates_at_intervals_and_at_the_end_a42(train, valid, budget):
    fitted = learn(new_network(budget), train, valid, budget, losses=[cross_entropy])
    assert [row.iteration for row in fitted.history] == [5, 10, 12]
    assert fitted.seconds > 0


def test_accuracy_is_that_of_the_kept_weights(train, valid, budget):
    fitted = learn(new_network(budget), train, valid, budget, losses=[cross_entropy])
    right = 0
    for cohort in valid.values():
        arrays = [cohort.array(i) for i in range(len(cohort))]
        found, _ = probabilities_many(fitted.network, arrays, options=options(budget))
        right += int((found.argmax(1) == cohort.labels).sum())
    assert right / 6 == fitted.best.score
    assert fitted.best.score == max(row.score for row in fitted.history)


@pytest.mark.parametrize(("ties", "iteration"), [("first", 5), ("last", 12)])
def test_ties_a43(train, valid, budget, ties, iteration):
    # A learning rate this small leaves every validation equal.
    budget = changed(budget, ties=ties, learning_rate=1e-12)
    fitted = learn(new_network(budget), train, valid, budget, losses=[cross_entropy])
    assert len({row.score for row in fitted.history}) == 1
    assert fitted.best.iteration == iteration


def test_same_seed_same_weights(train, valid, budget):
    runs = []
    for number, seed in enumerate((7, 7, 8)):
        folder = budget.checkpoint / str(number)
        each = dataclasses.replace(budget, seed=seed, checkpoint=folder)
        runs.append(learn(new_network(each), train, valid, each, losses=[cross_entropy]).network)
    assert same_weights(runs[0], runs[1])
    assert not same_weights(runs[0], runs[2])


def test_gradient_is_clipped(train, valid, budget):
    budget = changed(budget, clip_gradient=1e-30, learning_rate=1e-3)
    network = new_network(budget)
    before = [p.detach().clone() for p in network.parameters()]
    learn(network, train, valid, budget, losses=[cross_entropy])
    # Adam divides a vanished gradient by its epsilon: nothing moves.
    moved = max(
        float((a - b).detach().abs().max())
        for a, b in zip(before, network.parameters(), strict=True)
    )
    assert moved < 1e-12


@pytest.mark.parametrize("how", [{}, {"optimizer": "sgd", "momentum": 0.9, "warm_up": 5}])
def test_sigterm_saves_and_the_next_call_goes_on(train, valid, budget, how):
    budget = changed(budget, iterations=6, validate_every=2, **how)
    whole = learn(new_network(budget), train, valid, budget, losses=[cross_entropy])
    (budget.checkpoint / "state.pt").unlink()
    calls = 0

    def interrupted(network, batch):
        nonlocal calls
        calls += 1
        if calls == 5:
            os.kill(os.getpid(), signal.SIGTERM)
        return cross_entropy(network, batch)

    with pytest.raises(SystemExit) as stopped:
        learn(new_network(budget), train, valid, budget, losses=[interrupted])
    assert stopped.value.code == 143
    assert calls == 5
    resumed = learn(new_network(budget), train, valid, budget, losses=[interrupted])
    assert calls == 6
    assert same_weights(whole.network, resumed.network)
    assert whole.history == resumed.history


def test_sigterm_during_a_validation(train, valid, budget, monkeypatch):
    budget = changed(budget, iterations=6, validate_every=2)
    whole = learn(new_network(budget), train, valid, budget, losses=[cross_entropy])
    (budget.checkpoint / "state.pt").unlink()

    class Slow(dict):
        def __missing__(self, key):
            os.kill(os.getpid(), signal.SIGTERM)
            return arrays[key]

        def __contains__(self, key):
            return True

    arrays = valid["here"].cache.arrays
    kept = ArrayCache()
    kept.arrays = Slow()
    slow = valid | {"here": dataclasses.replace(valid["here"], cache=kept)}
    with pytest.raises(SystemExit):
        learn(new_network(budget), train, slow, budget, losses=[cross_entropy])
    resumed = learn(new_network(budget), train, valid, budget, losses=[cross_entropy])
    assert same_weights(whole.network, resumed.network)
    assert whole.history == resumed.history


def test_no_validation_scan(train, valid, budget):
    nobody = {
        site: dataclasses.replace(cohort, scan_ids=(), labels=cohort.labels[:0])
        for site, cohort in valid.items()
    }
    with pytest.raises(ValueError, match="no validation scan at here, there"):
        learn(new_network(budget), train, nobody, budget, losses=[cross_entropy])


def test_a_loss_that_diverges_is_an_error(train, valid, budget):
    def broken(network, batch):
        return cross_entropy(network, batch) * float("nan")

    with pytest.raises(FloatingPointError, match="loss is nan at iteration 5"):
        learn(new_network(budget), train, valid, budget, losses=[broken])


def test_each_loss_is_a_step_of_its_own_that_moves_what_it_reaches(train, valid, budget):
    budget = changed(budget, iterations=1, validate_every=1)

    def head(network, batch):
        with torch.no_grad():
            embedded = network.embed(batch.images, None)
        return torch.nn.functional.cross_entropy(network.classifier(embedded), batch.labels)

    seen = []

    def later(network, batch):
        seen.append([p.detach().clone() for p in network.classifier.parameters()])
        return cross_entropy(network, batch)

    fresh = new_network(budget)
    before = [p.detach().clone() for p in fresh.classifier.parameters()]
    alone = learn(new_network(budget), train, valid, budget, losses=[later])
    seen.clear()
    budget = dataclasses.replace(budget, checkpoint=budget.checkpoint / "two")
    both = learn(fresh, train, valid, budget, losses=[head, later])
    assert not any(torch.equal(a, b) for a, b in zip(before, seen[0], strict=True))
    assert not same_weights(both.network.classifier, alone.network.classifier)


def test_accumulated_batches_are_one_large_batch_b27(train, valid, budget):
    """Without normalisation over the batch, two batches of 4 are one of 8."""
    row = Covidnet(kind="covidnet", activation="relu", width=0.25, dense_features=(32, 16))
    ends = []
    for values in ({"batch_size": 4, "accumulate": 2}, {"batch_size": 8}):
        one = changed(budget, iterations=3, validate_every=3, **values)
        torch.manual_seed(0)
        fitted = learn(build(row, one.input), train, valid, one, losses=[cross_entropy])
        ends.append((fitted.history[-1].loss, [*fitted.network.parameters()]))
    assert ends[0][0] == pytest.approx(ends[1][0], rel=1e-5)
    for a, b in zip(ends[0][1], ends[1][1], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


def test_the_score_chosen_by_is_that_of_the_kept_weights(train, valid, budget):
    budget = changed(budget, select_by="auc")
    fitted = learn(new_network(budget), train, valid, budget, losses=[cross_entropy])
    labels, positive = [], []
    for cohort in valid.values():
        arrays = [cohort.array(i) for i in range(len(cohort))]
        probabilities, _ = probabilities_many(fitted.network, arrays, options=options(budget))
        positive.append(probabilities[:, 1])
        labels.append(cohort.labels)
    expected = roc_auc_score(np.concatenate(labels), np.concatenate(positive))
    assert fitted.best.score == pytest.approx(expected)
