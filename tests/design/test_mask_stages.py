"""mask_stages: what masks add to the graph, and that they make nothing else stale (C-35)."""

from typing import Any

import pytest
from digests import digests

from elsewhere.design import mask_stages, paths
from elsewhere.design import params as tables
from elsewhere.design.graph import stages


@pytest.fixture
def ucadi(values: dict[str, Any]) -> dict[str, Any]:
    return values | {"run": ["ucadi"], "scale": "demo"}


def test_an_explained_arm_is_compared_with_the_masks_of_its_sites(ucadi: dict[str, Any]) -> None:
    params = tables.parse(ucadi)
    graph = stages(params)
    sites = [*params.scale_of("ucadi").sites.values()]
    assert mask_stages.masked(params, "ucadi") == sites
    assert {name for name in graph if name.startswith("outline")} == {
        f"outline--ucadi-demo--{site}" for site in sites
    }
    (arm,) = ucadi["studies"]["ucadi"]["explain"]["arms"]
    stage = graph[f"localise--ucadi--{arm}"]
    assert stage.table("outlines") == {
        site: paths.outlined("ucadi-demo", site)["outlines"] for site in sites
    }
    assert set(stage.table("predictions")) == set(sites)
    read = mask_stages.localised(params, "ucadi")
    assert read == {name: {arm: stage.outputs[name]} for name in read}
    assert set(read) == {"localised", "localised_examples"}


def test_of_several_sites_those_with_masks_are_compared(ucadi: dict[str, Any]) -> None:
    for name in ("tongji-optical-synthetic", "tongji-sino-synthetic"):
        del ucadi["masks"][name]
    ucadi["sites"]["wuhan-union-synthetic"]["available"] = False
    params = tables.parse(ucadi)
    assert mask_stages.masked(params, "ucadi") == ["tongji-main-synthetic"]
    stage = stages(params)["localise--ucadi--pooled"]
    assert set(stage.table("index")) == {"tongji-main-synthetic"}


def test_without_explained_arms_a_figure_alone_reads_the_masks(ucadi: dict[str, Any]) -> None:
    """A-59: its arrows point to lesions."""
    sites = [*ucadi["studies"]["ucadi"]["scales"]["demo"]["sites"].values()]
    del ucadi["studies"]["ucadi"]["explain"]
    params = tables.parse(ucadi)
    graph = stages(params)
    made = {name for name in graph if name.startswith(("outline", "localise"))}
    assert made == {f"outline--ucadi-demo--{site}" for site in sites}
    assert not any(mask_stages.localised(params, "ucadi").values())
    assert graph["figure--ucadi"].table("outlined") == {
        site: graph[f"outline--ucadi-demo--{site}"].outputs["outlined"] for site in sites
    }
    ucadi["studies"]["ucadi"]["figures"] = ["matrix"]
    graph = stages(tables.parse(ucadi))
    assert not [name for name in graph if name.startswith(("outline", "localise"))]


def test_a_study_without_masks_has_no_outlines(values: dict[str, Any]) -> None:
    graph = stages(tables.parse(values | {"run": ["contrastive"], "scale": "demo"}))
    assert not [name for name in graph if name.startswith("outline")]
    assert not graph["figure--contrastive"].inputs.get("outlined")


def test_an_image_has_no_lattice_for_masks(values: dict[str, Any]) -> None:
    """It is cut out of a scan, and nothing says where."""
    params = tables.parse(values | {"run": ["contrastive"], "scale": "demo"})
    assert not mask_stages.can_outline(params, "contrastive-demo")
    assert mask_stages.can_outline(params, "nguyen-demo")
    assert mask_stages.can_outline(params, "ucadi-demo")


def test_lesions_are_outlined_for_a_figure_without_any_explained_arm(
    values: dict[str, Any],
) -> None:
    """A-59: arrows to ground glass where the phantom knows it."""
    graph = stages(tables.parse(values | {"run": ["nguyen2021"], "scale": "demo"}))
    outlined = paths.outlined("nguyen-demo", "utsw-synthetic")["outlined"]
    assert graph["outline--nguyen-demo--utsw-synthetic"].outputs["outlined"] == outlined
    assert graph["figure--nguyen2021"].table("outlined") == {"utsw-synthetic": outlined}
    assert "localise" not in {stage.step for stage in graph.values()}


def test_a_site_that_gets_masks_makes_no_result_stale(ucadi: dict[str, Any]) -> None:
    """The law of growth; the figure that shows the numbers alone reads more than before."""
    masks = ucadi.pop("masks")
    before, _ = digests(ucadi)
    after, _ = digests(ucadi | {"masks": masks})
    assert {name for name in before if before[name] != after[name]} == {"figure--ucadi"}
    new = {name.split("--")[0] for name in after if name not in before}
    assert new == {"outline", "localise"}


def test_the_code_of_an_outline_is_that_of_its_kind_of_input(ucadi: dict[str, Any]) -> None:
    code = stages(tables.parse(ucadi))["outline--ucadi-demo--tongji-main-synthetic"].code
    assert "src/elsewhere/imaging/outlines/slices.py" in code
    assert not {"src/elsewhere/imaging/outlines/volume.py", "src/elsewhere/cohorts/view.py"} & {
        *code
    }
