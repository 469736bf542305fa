"""hidden: scans with text in their pixels are never displayed."""

import pandas as pd

from elsewhere.sites.hidden import hidden


def test_flags_of_text_hide_a_scan_whatever_else_is_flagged() -> None:
    flags = ["", "burned_in", "face", "face;secondary_capture", "burned_in;face"]
    frame = pd.DataFrame({"scan_id": list("abcde"), "flags": flags})
    assert hidden(frame) == {"b", "d", "e"}
    assert hidden(frame.iloc[:0]) == set()
