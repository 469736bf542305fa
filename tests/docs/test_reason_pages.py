"""reason_pages: every reason of ingestion and every column of label.csv has a line."""

import re

import reason_pages

from elsewhere.sites.label_cells import COLUMNS
from elsewhere.sites.reasons import REASONS


def test_every_reason_is_listed_with_its_words():
    rows = re.findall(
        r"^\| `(\w+)` \| (.+) \| (.+) \| (.+) \|$", "\n".join(reason_pages.reasons()), re.M
    )
    expected = [(code, one.verdict, one.sentence, one.remedy) for code, one in REASONS.items()]
    assert sorted(rows) == sorted(expected)


def test_every_column_is_listed_with_its_words():
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", "\n".join(reason_pages.columns()), re.M)
    assert dict(rows) == dict(COLUMNS)
