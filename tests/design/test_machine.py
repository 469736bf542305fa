"""machine: what a job may use of its machine is no setting of any result."""

import pytest
from pydantic import ValidationError

from elsewhere.design.graph import stages
from elsewhere.design.machine import MachineRow
from elsewhere.design.params import Params


def test_no_stage_reads_it(params: Params) -> None:
    graph = stages(params)
    assert graph
    assert not any(key.startswith("machine") for stage in graph.values() for key in stage.keys)
    assert stages(params.model_copy(update={"machine": MachineRow(cache_gb=5)})) == graph


@pytest.mark.parametrize("size", [-1, float("inf"), float("nan"), "much"])
def test_a_size_that_is_no_size_is_refused(size: object) -> None:
    with pytest.raises(ValidationError, match="cache_gb"):
        MachineRow.model_validate({"cache_gb": size})
