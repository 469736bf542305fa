"""steps: stages have the wildcards of their step, and steps stand in the order of the flow."""

from elsewhere.design import params as tables
from elsewhere.design.graph import stages
from elsewhere.design.steps import STEPS


def test_stages_have_the_wildcards_of_their_step_in_order(params: tables.Params) -> None:
    graph = stages(params).values()
    assert {stage.step for stage in graph} == {*STEPS}
    for stage in graph:
        assert tuple(stage.wildcards) == STEPS[stage.step].wildcards, stage.name


def test_a_step_reads_only_what_steps_before_it_made(params: tables.Params) -> None:
    """The order in which they stand is the one in which they run."""
    order, made = [*STEPS], {}
    for stage in stages(params).values():
        made |= dict.fromkeys(stage.outputs.values(), order.index(stage.step))
    for stage in stages(params).values():
        before = {made[path] for path in stage.files if path in made}
        assert max(before, default=-1) < order.index(stage.step), stage.name
