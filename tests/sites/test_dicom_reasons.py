from elsewhere.sites import dicom_reasons
from elsewhere.sites.reasons import REASONS


def test_what_is_no_slice_is_set_aside_and_what_is_damaged_is_rejected():
    assert {one.verdict for one in dicom_reasons.NOT_SLICES.values()} == {"set aside"}
    damaged = [*dicom_reasons.OF_HEADERS.values(), *dicom_reasons.OF_GEOMETRY.values()]
    assert {one.verdict for one in damaged} == {"rejected"}


def test_the_whole_table_holds_them():
    tables = (dicom_reasons.NOT_SLICES, dicom_reasons.OF_HEADERS, dicom_reasons.OF_GEOMETRY)
    assert sum(map(len, tables)) == sum(code in REASONS for table in tables for code in table)
