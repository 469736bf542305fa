import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.imaging.dicom.values import TAGS, Values


def values(order="little", **raw):
    return Values({TAGS[name]: value for name, value in raw.items()}, order)


def test_text_is_given_without_its_padding():
    found = values(patient=b"P 1 ", series=b"1.2.3\0", sex=b"")
    assert (found.text("patient"), found.text("series")) == ("P 1", "1.2.3")
    assert (found.text("sex"), found.text("age")) == ("", "")
    assert "patient" in found
    assert "sex" not in found


@pytest.mark.parametrize(
    ("character_set", "raw", "text"),
    [
        (b"ISO_IR 100", "Müller".encode("latin-1"), "Müller"),
        (b"ISO_IR 192", "Müller".encode(), "Müller"),
        (b"GB18030", "王".encode("gb18030"), "王"),
        (b"\\ISO 2022 IR 87", b"\x1b$B;3ED\x1b(B", "山田"),
        (b"no such set", "Müller".encode("latin-1"), "Müller"),
        (b"", "Müller".encode("latin-1"), "Müller"),
    ],
)
def test_text_in_other_alphabets(character_set, raw, text, recwarn):
    """The oracle of the escapes is PS3.5 H.3.1."""
    assert values(patient=raw, character_set=character_set).text("patient") == text
    assert not recwarn.list


def test_several_values():
    found = values(image_type=b"ORIGINAL\\PRIMARY \\LOCALIZER ", position=b"1.5\\ -2\\3e1 ")
    assert found.texts("image_type") == ("ORIGINAL", "PRIMARY", "LOCALIZER")
    assert found.numbers("position", 3) == (1.5, -2.0, 30.0)
    assert found.numbers("position", 2) is None
    assert found.numbers("orientation", 6) is None
    assert values(slope=b"2 ").number("slope") == 2.0


@pytest.mark.parametrize("raw", [b"nan", b"inf", b"1e300", b"1,5", b"\xff", b"", b"1\\2"])
def test_what_is_no_number_is_none(raw):
    assert values(slope=raw).number("slope") is None


def test_binary_numbers():
    assert values(rows=b"\x01\x02").count("rows") == 0x0201
    assert values("big", rows=b"\x01\x02").count("rows") == 0x0102
    assert values(padding=b"\x00\xf8").count("padding", signed=True) == -2048
    assert values(rows=b"").count("rows") is None
    assert values(rows=bytes(6)).count("rows") is None


@given(st.binary(max_size=40), st.binary(max_size=20))
def test_no_bytes_break_a_value(raw, character_set):
    found = values(patient=raw, position=raw, rows=raw, character_set=character_set)
    assert isinstance(found.text("patient"), str)
    numbers = found.numbers("position", 3)
    assert numbers is None or all(map(math.isfinite, numbers))
    found.count("rows")
