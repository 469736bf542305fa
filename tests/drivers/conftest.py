"""What tests of several drivers' modules need."""

import ctypes
import os
from collections.abc import Iterator

import pytest

_VERSION, _DAC_OVERRIDE = 0x20080522, 1  # linux/capability.h


@pytest.fixture
def as_user() -> Iterator[None]:
    """Let this process obey the modes of files, as those of ordinary users do and root's do not."""
    if os.geteuid():
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_VERSION, 0)
    before, now = (ctypes.c_uint32 * 6)(), (ctypes.c_uint32 * 6)()
    for sets in (before, now):
        assert libc.capget(header, sets) == 0
    now[0] &= ~(1 << _DAC_OVERRIDE)  # of the effective set
    if libc.capset(header, now):
        pytest.skip("this machine does not let a process give up a capability")
    yield
    assert libc.capset(header, before) == 0
