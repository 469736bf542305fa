"""states: the five states of a finding in a manifest are kept apart."""

import pandas as pd
import pytest

from elsewhere.sites.findings import FindingsError
from elsewhere.sites.states import NOT_ANNOTATED, states


@pytest.fixture
def manifest() -> pd.DataFrame:
    told = ["positive", "negative", "uncertain", "blank"]
    texts = [f"edema=blank;support_devices={state}" for state in told]
    return pd.DataFrame({"scan_id": list("abcde"), "findings": [*texts, "edema=positive"]})


def test_every_state_is_told(manifest: pd.DataFrame) -> None:
    found = states(manifest, "support_devices")
    assert dict(found) == {
        "a": "positive",
        "b": "negative",
        "c": "uncertain",
        "d": "blank",
        "e": NOT_ANNOTATED,
    }


def test_scans_with_one_label_have_no_finding() -> None:
    frame = pd.DataFrame({"scan_id": ["a"], "findings": [""]})
    assert dict(states(frame, "support_devices")) == {"a": NOT_ANNOTATED}
    assert states(frame.iloc[:0], "support_devices").empty


def test_a_name_that_nobody_annotates_is_refused(manifest: pd.DataFrame) -> None:
    with pytest.raises(FindingsError, match="no finding 'pacemaker' is known; there are atelec"):
        states(manifest, "pacemaker")
