"""pulls: the pattern that chooses series is a valid regular expression."""

import pytest
from pydantic import ValidationError

from elsewhere.design.pulls import PullRow


def test_a_description_is_a_regular_expression() -> None:
    row = {"archive": "a", "worklist": "l.csv", "modalities": ["CT"], "least_instances": 9}
    assert PullRow.model_validate({**row, "description": "thorax|lung"}).description
    with pytest.raises(ValidationError, match="no regular expression"):
        PullRow.model_validate({**row, "description": "("})
