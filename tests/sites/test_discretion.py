import logging
import re
import traceback
import warnings
from fractions import Fraction

import pytest

from elsewhere import workers
from elsewhere.sites.discretion import WithheldError, discreet


class SafeError(Exception):
    """An error whose text names nobody."""


def within(private):
    return discreet("a-site", private=private, safe=(SafeError,))


def fail():
    try:
        {}["SMITH^JOHN"]
    except KeyError as error:
        raise ValueError("SMITH^JOHN is no number") from error


def test_a_private_sites_errors_show_kind_and_place_only():
    with pytest.raises(WithheldError) as caught, within(True):
        fail()
    shown = "".join(traceback.format_exception(caught.value))
    assert "SMITH^JOHN is" not in shown
    assert "KeyError" not in shown
    assert re.search(r"a-site: ValueError at test_discretion.py, line \d+ .fail.", shown)


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_in_the_work_on_a_scan_shows_its_own_kind_and_place(processes):
    """Not those of the error that names the scan, and also from another process."""
    with pytest.raises(WithheldError) as caught, within(True):
        list(workers.results(Fraction, ["SMITH^JOHN"] * 2, processes=processes, name=str))
    assert re.search(r"ValueError at fractions.py, line \d+ .__new__.", str(caught.value))
    assert "SMITH^JOHN" not in str(caught.value)


def test_the_number_of_a_system_error_is_told():
    with pytest.raises(WithheldError, match="OSError 5 at"), within(True):
        raise OSError(5, "Input/output error", "SMITH")


def test_safe_errors_pass():
    with pytest.raises(SafeError, match="as it is"), within(True):
        raise SafeError("as it is")


def test_a_public_sites_errors_pass():
    with pytest.raises(KeyError, match="x"), within(False):
        {}["x"]


def test_warnings_and_logs_of_libraries_are_kept_back(caplog, capsys):
    stream = logging.StreamHandler()
    logging.getLogger().addHandler(stream)
    try:
        with within(True):
            warnings.warn("SMITH", stacklevel=1)
            logging.getLogger("a_library").error("SMITH")
            logging.getLogger("elsewhere.sites").error("our own")
        logging.getLogger("a_library").error("later")
    finally:
        logging.getLogger().removeHandler(stream)
    printed = capsys.readouterr().err
    assert "SMITH" not in printed + caplog.text
    assert "our own" in caplog.text
    assert "later" in caplog.text
