"""rows: what every row of a settings table obeys."""

import pytest
from pydantic import ValidationError

from elsewhere.design.rows import InputRow, Name, Row


class Plain(Row):
    name: Name = "a"


@pytest.mark.parametrize("name", ["Big", "with space", "-first", "a/b", ""])
def test_a_name_is_one_that_a_path_can_hold(name: str) -> None:
    assert Plain(name="utsw_cc-ccii2").name == "utsw_cc-ccii2"
    with pytest.raises(ValidationError):
        Plain(name=name)


def test_a_row_cannot_be_changed_and_takes_nothing_unknown() -> None:
    row = Plain()
    with pytest.raises(ValidationError):
        row.name = "b"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs"):
        Plain.model_validate({"colour": "red"})


def test_an_input_without_a_shape_says_so() -> None:
    with pytest.raises(NotImplementedError, match="'sound' does not say its shape"):
        _ = InputRow(kind="sound").shape
