"""What is moved to a device is the same, in the same order; on a CPU nothing is pinned."""

import numpy as np
import pytest
import torch

from elsewhere.methods.transfer import ahead, host

CPU = torch.device("cpu")


class One:
    def __init__(self, number):
        self.number = number

    def tensors(self):
        return [torch.tensor(self.number)]


def test_items_keep_their_order_and_are_taken_when_they_are_asked_for():
    taken = []

    def items():
        for number in range(5):
            taken.append(number)
            yield number

    found = ahead(items(), One, CPU)
    assert taken == []
    assert next(found).number == 0
    assert taken == [0]
    assert [one.number for one in found] == [1, 2, 3, 4]


@pytest.mark.parametrize("kind", [np.int16, np.uint8, np.float32, np.int64])
def test_an_array_becomes_a_tensor_of_its_type(kind):
    array = np.arange(6, dtype=kind).reshape(2, 3)
    found = host(array, CPU)
    np.testing.assert_array_equal(found.numpy(), array)
    assert found.numpy().dtype == kind


def test_a_kept_array_cannot_be_spoilt_through_its_tensor():
    array = np.zeros(3, np.int16)
    array.setflags(write=False)
    host(array, CPU).add_(1)
    assert not array.any()
