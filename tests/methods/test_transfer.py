"""What is moved to a device is the same, in the same order; on a CPU nothing is pinned."""

import contextlib

import numpy as np
import pytest
import torch

from elsewhere.methods.transfer import AHEAD, ahead, host

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


class Device:
    """Stands for a GPU whose steps end only when the host waits for them."""

    def __init__(self, monkeypatch):
        self.begun = self.ended = self.most = 0
        stream = Stream(self)
        monkeypatch.setattr(torch.cuda, "Stream", lambda _: Stream(self))
        monkeypatch.setattr(torch.cuda, "Event", Event)
        monkeypatch.setattr(torch.cuda, "current_stream", lambda *_: stream)
        monkeypatch.setattr(torch.cuda, "stream", lambda _: contextlib.nullcontext())

    def step(self):
        self.begun += 1
        self.most = max(self.most, self.begun - self.ended)


class Stream:
    def __init__(self, device):
        self.device = device

    def record_event(self, event=None):
        event = event or Event()
        event.device, event.after = self.device, self.device.begun
        return event

    def wait_event(self, event):
        pass


class Event:
    def __init__(self, *, blocking=False):
        pass

    def synchronize(self):
        self.device.ended = max(self.device.ended, self.after)


class Nothing(One):
    def tensors(self):
        return []


def test_the_host_is_few_steps_ahead_of_the_device(monkeypatch):
    """A step that is not done holds its batch on the device; here none ends by itself."""
    device = Device(monkeypatch)
    found = []
    for one in ahead(range(9), Nothing, torch.device("cuda")):
        found.append(one.number)
        device.step()
    assert found == [*range(9)]
    assert device.most <= AHEAD + 2  # the last one is on the device already and waits for none
