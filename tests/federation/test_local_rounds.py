"""What a hospital trained is kept for a repeated request."""

import numpy as np

from elsewhere.federation.local_rounds import LocalRounds, Trained


def test_rounds_come_back_and_old_ones_go(tmp_path):
    rounds = LocalRounds(tmp_path)
    assert rounds.before(5) is None
    for number in (2, 10, 11):
        weights = np.array([number, 0.1], np.float32)
        rounds.write(number, Trained(weights, number, b"m%d" % number, 0.5), start="s")
    assert rounds.numbers() == [10, 11]
    trained, start = rounds.read(11)
    assert (trained.count, trained.memory, trained.loss, start) == (11, b"m11", 0.5, "s")
    assert np.array_equal(trained.weights, np.array([11, 0.1], np.float32))
    assert rounds.before(11).count == 10
    assert rounds.before(10) is None
