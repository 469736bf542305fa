"""resumption: a scan is found again by all that its rows and volume are made from."""

import os
from collections import Counter
from dataclasses import replace

import pytest

from elsewhere.design import kinds
from elsewhere.sites import resumption
from elsewhere.sites.keys import Keys
from elsewhere.sites.layout import Scan
from elsewhere.sites.layouts import layout
from elsewhere.sites.rows import Rows, doubts, first_days

LAYOUTS = [*kinds.names("layouts")]


def found(name, root, policy):
    return [item for item in layout(name, {}).scans(root, policy) if isinstance(item, Scan)]


def keys_of(scans, *, secret=b"key", private=True):
    rows = Rows(Keys("a-site", private, secret), True, first_days(scans), doubts(scans))
    names = Counter(one.name for scan in scans for one in (scan, *scan.instead))
    return [resumption.key(scan, rows, names) for scan in scans]


@pytest.mark.parametrize("name", LAYOUTS)
def test_keys_stay_while_nothing_changes_and_each_scan_has_its_own(published, strict, name):
    root = published(name)
    keys = keys_of(found(name, root, strict))
    assert keys == keys_of(found(name, root, strict))
    assert len({*keys}) == len(keys)
    assert not {*keys} & {*keys_of(found(name, root, strict), secret=b"another")}


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_file_of_a_scan_counts_whatever_its_size_and_date_are_set_to(published, strict, name):
    root = published(name)
    scans = found(name, root, strict)
    before = keys_of(scans)
    for path in resumption.files(scans[0]):
        status = path.stat()
        path.write_bytes(path.read_bytes())
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        after = keys_of(scans)
        assert after[0] != before[0]
        before = after


def test_what_the_layout_says_of_a_scan_counts_and_what_others_say_of_its_patient(
    published, strict
):
    scans = found("dicom_series", published("dicom_series"), strict)
    before = keys_of(scans)
    fields = {"label": 1, "sex": "M", "age": 3.5, "sub_site": "b", "category": "c", "path": "x"}
    for field, value in fields.items():
        changed = keys_of([replace(scans[0], **{field: value}), *scans[1:]])
        assert changed[0] != before[0], field
        assert changed[2:] == before[2:], field
    patient = [scan for scan in scans if scan.patient == scans[0].patient]
    earlier = replace(patient[1], date="19000101")
    others = [earlier if scan is patient[1] else scan for scan in scans]
    changed = keys_of(others)
    assert (changed[0] != before[0]) == (scans[0].date is not None)
    twice = keys_of([*scans, scans[0]])
    assert twice[0] != before[0]


def test_a_file_that_is_gone_is_a_change_and_no_error(published, strict):
    scans = found("mosmed", published("mosmed"), strict)
    before = keys_of(scans)
    scans[0].source.files[0].unlink()
    after = keys_of(scans)
    assert after[0] != before[0]
    assert after[1:] == before[1:]


def test_a_key_holds_no_name(published, strict):
    scans = found("dicom_series", published("dicom_series"), strict)
    for key in keys_of(scans):
        assert {*key} <= {*"0123456789abcdef "}
