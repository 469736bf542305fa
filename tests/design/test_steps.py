"""steps: stages have the wildcards of their step, and steps stand in the order of the flow."""

from elsewhere.design import params as tables
from elsewhere.design.graph import stages
from elsewhere.design.steps import STEPS


def test_stages_have_the_wildcards_of_their_step_in_order(every_study: tables.Params) -> None:
    graph = stages(every_study).values()
    assert {stage.step for stage in graph} == {*STEPS}
    for stage in graph:
        assert tuple(stage.wildcards) == STEPS[stage.step].wildcards, stage.name


def test_a_step_reads_only_what_steps_before_it_made(every_study: tables.Params) -> None:
    """The order in which they stand is the one in which they run.

    A split of a second stage reads that of its first study, and a training may start from another.
    """
    order, made = [*STEPS], {}
    for stage in stages(every_study).values():
        before = {order.index(made[path]) for path in stage.files if path in made}
        own = order.index(stage.step)
        assert max(before, default=-1) < own + (stage.step in ("split", "train")), stage.name
        made |= dict.fromkeys(stage.outputs.values(), stage.step)
