"""quiet: libraries that would log identifiers are silent, and log again afterwards."""

import logging
import warnings

import pytest

from elsewhere.archives.quiet import SILENCED, quiet


def test_nothing_is_said_at_any_level(caplog: pytest.LogCaptureFixture) -> None:
    child = logging.getLogger("pynetdicom.canary")
    child.setLevel(logging.DEBUG)
    caplog.set_level(logging.DEBUG)
    with quiet(), warnings.catch_warnings(record=True) as caught:
        for name in (*SILENCED, "pynetdicom.canary", "urllib3.connectionpool"):
            logging.getLogger(name).critical("CANARY")
        warnings.warn("CANARY", stacklevel=1)
    assert caplog.text == ""
    assert [one for one in caught if "CANARY" in str(one.message)] == []
    child.info("heard again")
    assert "heard again" in caplog.text


def test_others_are_heard(caplog: pytest.LogCaptureFixture) -> None:
    with quiet():
        logging.getLogger("elsewhere.archives").warning("of ours")
    assert "of ours" in caplog.text
