# From wildcards to inputs, settings and devices; all of it comes from elsewhere.design.graph.
from functools import cache
from pathlib import Path

from elsewhere.drivers import start

start.lean()

from elsewhere.design import params as tables
from elsewhere.design.fingerprint import Hashes
from elsewhere.design.graph import stages
from elsewhere.design.steps import STEPS
from elsewhere.drivers import absent, bridge, console, demand
from elsewhere.drivers.state import Workspace, rule_inputs

VALUES = tables.read()
PARAMS = tables.parse(VALUES)
GRAPH = stages(PARAMS)

shell.prefix('export PYTHONPATH="src${{PYTHONPATH:+:$PYTHONPATH}}"; ')

CONSOLE = console.attach(workflow, PARAMS)

if bridge.plans(workflow):
    WORKSPACE = bridge.before(VALUES, PARAMS, dry=bridge.is_dry(workflow))
else:
    WORKSPACE = Workspace(VALUES, Hashes())


container: "elsewhere.sif"  # with `--software-deployment-method apptainer` alone: docs/clusters.md


wildcard_constraints:
    study="[a-z0-9][a-z0-9_-]*",
    arm="[a-z0-9][a-z0-9_-]*",
    site="[a-z0-9][a-z0-9_-]*",
    input="[a-z0-9][a-z0-9_-]*",
    run="[0-9]+-[0-9]+",


onstart:
    bridge.before_jobs(workflow)


onsuccess:
    bridge.after_run(workflow)
    CONSOLE.stop()


onerror:
    bridge.after_run(workflow)
    CONSOLE.stop()


def stage(step, wildcards):
    """The stage of a job; a target that the graph does not have is an error that says so."""
    name = "--".join([step, *wildcards])
    if name not in GRAPH:
        raise tables.ParamsError(f"{name} is not in the graph of `run` at its scale")
    return GRAPH[name]


@cache
def say_left_out():
    if bridge.plans(workflow):
        console.say(absent.left_out(PARAMS))


def reports(wildcards):
    """Reports of the studies that can be made; asked for only where no other target is named."""
    say_left_out()
    return expand("results/{study}/report.html", study=absent.targets(PARAMS))


def inputs(step):
    return lambda wildcards: rule_inputs(stage(step, wildcards))


def split_inputs(wildcards):
    """Inputs of a split; the groups do not count as new while their content is the same."""
    found = stage("split", wildcards)
    groups = found.inputs["groups"]
    old = bridge.made_from(found, groups)
    return [ancient(path) if old and path == groups else path for path in rule_inputs(found)]


def sites(study):
    return PARAMS.studies[study].scales[PARAMS.scale].sites.values()


def digest(step):
    return lambda wildcards: WORKSPACE.digest(stage(step, wildcards))


def needs(step, field):
    """Threads, GPUs, memory or minutes of a job; more memory and time after a failure."""
    return lambda wildcards, attempt: getattr(
        demand.of(PARAMS, stage(step, wildcards), attempt=attempt), field
    )
