from __future__ import annotations

import pytest

from elsewhere.figures import trained_for
from elsewhere.figures.trained_for import Epochs


def test_epochs_are_those_of_all_runs_and_sites_of_an_arm() -> None:
    records = {
        "one/0-0": {"epochs": {"a": 3.0}},
        "one/1-0": {"epochs": {"a": 3.5}},
        "both/0-0": {"epochs": {"a": 1.0, "b": 4.0}},
        "lost/0-0": {"status": "not run"},
    }
    assert trained_for.by_arm(records) == {"one": Epochs(3.0, 3.5), "both": Epochs(1.0, 4.0)}


@pytest.mark.parametrize(
    ("arms", "said"),
    [
        (("a", "b", "a"), "all trained for 6.4 epochs"),
        (("a",), "all trained for 6.4 epochs"),
        (("a", "c"), "trained for 4.2 to 6.4 epochs: differences may come from that"),
        (("a", "unknown"), "all trained for 6.4 epochs"),
        (("unknown",), ""),
    ],
)
def test_what_is_said_of_arms_that_are_compared(arms: tuple[str, ...], said: str) -> None:
    """One optimiser step more or less is alike; a third of the training is not."""
    epochs = {"a": Epochs(6.359, 6.359), "b": Epochs(6.360, 6.361), "c": Epochs(4.24, 4.24)}
    assert trained_for.words(arms, epochs) == said
