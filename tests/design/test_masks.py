"""masks: the row that says where a site's masks are."""

import pytest
from pydantic import ValidationError

from elsewhere.design.masks import MaskRow


def test_all_but_the_background_is_a_lesion_unless_values_are_given() -> None:
    assert MaskRow().lesion is None
    assert MaskRow(lesion=(2, 3)).lesion == (2, 3)


@pytest.mark.parametrize("file", ["mask.nii.gz", "{scan}/{scan}.nii.gz"])
def test_the_name_of_a_file_says_once_which_scan_is_meant(file: str) -> None:
    with pytest.raises(ValidationError, match=r"expected \{scan\} once"):
        MaskRow(file=file)
