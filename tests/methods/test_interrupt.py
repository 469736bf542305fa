"""interrupt: SIGTERM requests a stop; it does not kill the run at once."""

import os
import signal

import pytest

from elsewhere.methods.interrupt import EXIT_CODE, Interrupted, listening


def test_sigterm_is_heard_at_the_next_check():
    before = signal.getsignal(signal.SIGTERM)
    with listening() as interrupt:
        interrupt.check()
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Interrupted):
            interrupt.check()
    assert signal.getsignal(signal.SIGTERM) is before
    assert EXIT_CODE == 143
