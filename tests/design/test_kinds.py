"""kinds: every kind is found by the names of its files."""

import importlib
from pathlib import Path
from typing import Annotated, get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from elsewhere.design import kinds
from elsewhere.design.kinds import KindError, Of
from elsewhere.design.networks.timm import Timm
from elsewhere.design.rows import NetworkRow

DESIGN = Path(kinds.__file__).parent
EVERY = [(shelf, kind) for shelf in kinds.ROOMS for kind in kinds.names(shelf)]
TIMM = {"kind": "timm", "model": "resnet18", "pretrained": "none", "batch_norm_scale": True}


@pytest.mark.parametrize(("shelf", "kind"), EVERY)
def test_every_kind_stands_where_its_name_says(shelf: str, kind: str) -> None:
    row = kinds.row_class(shelf, kind)
    assert row.__module__ == f"elsewhere.design.{shelf}.{kind}"
    if "kind" in row.model_fields:
        assert get_args(row.model_fields["kind"].annotation) == (kind,)
    for room in kinds.ROOMS[shelf]:
        assert importlib.import_module(f"{room}.{kind}")


def test_every_folder_of_rows_is_a_shelf() -> None:
    folders = {path.parent.name for path in DESIGN.glob("*/__init__.py")}
    assert folders == set(kinds.ROOMS)


def test_a_field_takes_a_row_of_any_kind() -> None:
    take = TypeAdapter(Annotated[NetworkRow, Of("networks")]).validate_python
    assert isinstance(take(TIMM), Timm)
    with pytest.raises(ValidationError, match="does not match any of the expected tags"):
        take(TIMM | {"kind": "resnet"})
    with pytest.raises(ValidationError, match=r"timm\.model"):
        take(TIMM | {"model": "../up"})


def test_an_unknown_kind_is_answered_with_the_known_ones() -> None:
    with pytest.raises(KindError, match="no 'resnet' in networks; choose from covidnet, "):
        kinds.row_class("networks", "resnet")
    with pytest.raises(KindError, match="no 'resnet' in networks; choose from covidnet, "):
        kinds.implementation("networks", "resnet", object)


def test_a_file_with_two_classes_on_the_contract_is_refused() -> None:
    with pytest.raises(KindError, match="exactly one public class"):
        kinds.implementation("networks", "timm", int)


def test_the_code_of_a_kind_is_its_two_files() -> None:
    assert kinds.code("networks", "timm") == (
        "elsewhere.design.networks.timm",
        "elsewhere.networks.timm",
    )
    left = kinds.code("inputs", "image", room="elsewhere.imaging")
    right = kinds.code("inputs", "image")
    assert left[1] == "elsewhere.imaging.inputs.image"
    assert right[1] == "elsewhere.cohorts.inputs.image"
