from __future__ import annotations

import math

import pytest
import torch

from elsewhere.methods.loss import classification, imitation, masked_mean

UNKNOWN = -1


def literal(logits, labels):
    """Mean of -log p of what is true, over the known labels, one at a time."""
    terms = []
    for row, truths in zip(logits.tolist(), labels.tolist(), strict=True):
        for logit, truth in zip(row, truths, strict=True):
            if truth != UNKNOWN:
                p = 1 / (1 + math.exp(-logit))
                terms.append(-math.log(p if truth else 1 - p))
    return sum(terms) / len(terms)


def test_findings_cost_the_mean_binary_cross_entropy_of_known_labels():
    logits = torch.tensor([[0.3, -1.2, 2.0], [1.5, 0.0, -0.7]])
    labels = torch.tensor([[1, 0, UNKNOWN], [0, UNKNOWN, 1]])
    assert float(classification(logits, labels)) == pytest.approx(literal(logits, labels))


def test_the_form_of_a_gpu_is_the_same_mean_and_has_the_same_gradient():
    torch.manual_seed(0)
    logits = torch.randn(5, 3, requires_grad=True)
    labels = torch.randint(-1, 2, (5, 3))
    on_gpu = masked_mean(logits, labels.float(), labels >= 0)
    on_cpu = classification(logits, labels)
    assert on_gpu.item() == pytest.approx(literal(logits, labels))
    found, expected = (torch.autograd.grad(loss, logits)[0] for loss in (on_gpu, on_cpu))
    torch.testing.assert_close(found, expected)
    nothing = masked_mean(logits, labels.float(), torch.zeros_like(labels, dtype=torch.bool))
    assert float(nothing) == 0
    assert not torch.autograd.grad(nothing, logits)[0].any()


def test_an_unknown_label_has_no_gradient():
    logits = torch.zeros(1, 2, requires_grad=True)
    classification(logits, torch.tensor([[1, UNKNOWN]])).backward()
    assert logits.grad[0, 0] != 0
    assert logits.grad[0, 1] == 0


def test_without_a_known_label_there_is_nothing_to_learn_and_no_error():
    logits = torch.ones(2, 2, requires_grad=True)
    loss = classification(logits, torch.full((2, 2), UNKNOWN))
    loss.backward()
    assert float(loss) == 0
    assert not logits.grad.any()


def test_the_mean_is_weighted_by_the_class_of_each_scan_c15():
    """Of healthy, COVID-19, other viral and bacterial: 0.2, 0.2, 0.4, 0.2 in the released code."""
    logits = torch.tensor([[0.3, -1.2, 2.0, 0.1], [1.5, 0.0, -0.7, 0.4], [0.2, 0.9, 0.3, -0.8]])
    labels, weights = [2, 3, 1], [0.2, 0.2, 0.4, 0.2]
    terms = []
    for row, label in zip(logits.tolist(), labels, strict=True):
        terms.append(math.log(sum(math.exp(logit) for logit in row)) - row[label])
    expected = (0.4 * terms[0] + 0.2 * terms[1] + 0.2 * terms[2]) / 0.8
    loss = classification(logits, torch.tensor(labels), class_weights=torch.tensor(weights))
    assert float(loss) == pytest.approx(expected, rel=1e-6)


def test_two_logits_cost_what_one_of_their_difference_does():
    pair = torch.tensor([[0.2, 1.4], [0.9, -0.3]])
    labels = torch.tensor([1, 0])
    one = classification((pair[:, 1] - pair[:, 0])[:, None], labels[:, None])
    assert float(classification(pair, labels)) == pytest.approx(float(one), rel=1e-6)


@pytest.mark.parametrize("labels", [torch.tensor([0, 1]), torch.tensor([[0, 1], [1, UNKNOWN]])])
def test_a_sure_teacher_costs_what_its_labels_do(labels):
    logits = torch.tensor([[0.3, -0.8], [1.1, 0.4]])
    if labels.ndim == 1:
        sure = torch.tensor([[50.0, -50.0], [-50.0, 50.0]])
    else:
        sure = torch.where(labels == 1, 50.0, -50.0)
    got, expected = imitation(logits, sure, labels), classification(logits, labels)
    assert float(got) == pytest.approx(float(expected), rel=1e-5)


def test_no_gradient_goes_through_the_teacher():
    teacher = torch.ones(1, 1, requires_grad=True)
    logits = torch.zeros(1, 1, requires_grad=True)
    imitation(logits, teacher, torch.tensor([[1]])).backward()
    assert teacher.grad is None


def test_a_one_hot_teacher_teaches_what_it_calls_d18():
    """As in the released code of MS-Net: how sure the teacher is does not count."""
    logits, teacher = (
        torch.tensor([[0.3, -0.2], [1.0, 2.0]]),
        torch.tensor([[0.1, 0.2], [9.0, 8.9]]),
    )
    found = imitation(logits, teacher, torch.tensor([0, 1]), one_hot=True)
    words = logits.log_softmax(1)
    assert float(found) == pytest.approx(float(-(words[0, 1] + words[1, 0]) / 2))
    labels = torch.tensor([[0, UNKNOWN], [1, 1]])
    found = imitation(logits, teacher - 8.95, labels, one_hot=True)
    called = [(0.3, 0), (1.0, 1), (2.0, 0)]
    assert float(found) == pytest.approx(
        literal(torch.tensor([[x] for x, _ in called]), torch.tensor([[y] for _, y in called])),
        rel=1e-5,
    )
