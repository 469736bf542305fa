"""site: rows of `sites` and `intakes` accept the fields of their table and refuse others."""

import pytest
from pydantic import ValidationError

from elsewhere.design import params as tables
from elsewhere.design.site import Site


def test_a_row_refuses_keys_that_it_does_not_know() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        Site.model_validate({"title": "x", "layout": "y", "privacy": "public", "colour": "red"})


def test_a_site_is_real_and_at_hand_unless_it_says_otherwise(params: tables.Params) -> None:
    assert not params.sites["utsw"].synthetic
    assert params.sites["utsw"].available
    assert all(params.sites[name].synthetic for name in params.phantoms)


def test_repair_differs_from_strict_in_what_it_mends_alone(params: tables.Params) -> None:
    strict, repair = (params.intakes[name].model_dump() for name in ("strict", "repair"))
    assert {name for name in strict if strict[name] != repair[name]} == {"policy", "fill_slices"}
    assert strict["fill_slices"] == 0
