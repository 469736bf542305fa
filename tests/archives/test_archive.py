"""archive: a study matches a query only by the exact value."""

import pytest

from elsewhere.archives.archive import ATTRIBUTES, Query, Study

STUDY = Study(uid="1.2.3", accession="A1", patient="P1")


@pytest.mark.parametrize(
    ("key", "value", "is_it"),
    [
        ("study", "1.2.3", True),
        ("study", "1.2.30", False),
        ("accession", "A1", True),
        ("accession", "a1", False),
        ("accession", "A", False),
        ("patient", "P1", True),
        ("patient", "", False),
    ],
)
def test_only_the_exact_value_answers(key: str, value: str, is_it: bool) -> None:
    assert STUDY.matches(Query(key, value)) is is_it  # type: ignore[arg-type]


def test_keys_are_attributes_of_a_study() -> None:
    from pydicom.datadict import tag_for_keyword

    assert all(tag_for_keyword(keyword) for keyword in ATTRIBUTES.values())
