"""Intake of a folder in a layout, as the step `ingest` does it."""

from collections import defaultdict

import pytest

from elsewhere.sites.intake import Intake
from elsewhere.sites.keys import Keys
from elsewhere.sites.layouts import layout


class Result:
    """What an intake gave, by names of files in place of hashed keys."""

    def __init__(self, taken, volumes):
        self.volumes = volumes
        self.account = taken.account
        self.rows = {row["source_path"]: row for row in taken.rows}
        self.reasons = defaultdict(list)
        for one in taken.account.rows:
            self.reasons[one.reason].append(one.path)

    @property
    def rejected(self):
        """Reason to paths, of what should have been a scan."""
        kept = {one.reason for one in self.account.rows if one.verdict == "rejected"}
        return {reason: sorted(self.reasons[reason]) for reason in sorted(kept)}


@pytest.fixture
def take(tmp_path_factory, strict):
    """Take a folder in; options as in the settings."""

    def taken(name, root, *, private=False, **options):
        out = tmp_path_factory.mktemp("taken")
        keys = Keys("a-site", private, b"key of a test")
        intake = Intake(keys, True, out / "volumes", strict)
        return Result(intake.take(layout(name, options), root), out / "volumes")

    return taken
