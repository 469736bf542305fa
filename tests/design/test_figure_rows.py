from __future__ import annotations

import dataclasses

import pytest

from elsewhere.design import kinds
from elsewhere.design.figure_rows import REPORT, STANDARD, Facts, figure_row
from elsewhere.design.scoring import STANDARD as METRICS

ALL = kinds.names("figures")
PLAIN = Facts(
    findings=False,
    repeated=False,
    modalities=frozenset({"volume"}),
    settings=frozenset(),
    metrics=METRICS,
    claims=(),
)


def test_the_standard_figures_are_in_the_order_of_the_report():
    assert sorted(STANDARD, key=lambda name: figure_row(name).order) == [*STANDARD]
    orders = [figure_row(name).order for name in ALL]
    assert len(orders) == len(set(orders))


@pytest.mark.parametrize("name", ALL)
def test_a_row_reads_inputs_that_the_step_has(name, values):
    from elsewhere.design.graph import _figure_inputs
    from elsewhere.design.params import parse

    params = parse(values)
    known = {*_figure_inputs(params, params.run[0]), *REPORT}
    assert {*figure_row(name).reads} <= known


@pytest.mark.parametrize("name", ALL)
def test_captions_are_sentences_with_a_heading_and_steps(name):
    captions = figure_row(name).captions
    assert captions
    for caption in captions.values():
        assert caption.heading
        assert caption.steps
        assert caption.text.endswith((".", "{spread}"))


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        ("table_1", {}, "not drawn of scans with one label each"),
        ("roc", {"findings": True}, "not drawn of scans with findings"),
        ("arms_table", {}, "every arm has one model"),
        ("comparisons", {}, "the study's comparisons is not set"),
        ("localisation", {"settings": frozenset({"explain"})}, "has masks of lesions"),
        ("roc", {"metrics": ("f1",)}, "scoring.metrics does not name auc"),
        ("claims", {"findings": True, "settings": frozenset({"published"})}, "no claims"),
    ],
)
def test_what_a_study_lacks_is_said(name, changes, reason):
    found = figure_row(name).obstacle(dataclasses.replace(PLAIN, **changes))
    assert found is not None
    assert reason in found


def test_a_figure_of_other_scans_is_not_drawn():
    class OfVolumes(figure_row("matrix")):
        modalities = ("volume",)

    facts = dataclasses.replace(PLAIN, modalities=frozenset({"radiograph"}))
    assert "volume" in OfVolumes.obstacle(facts)
    mixed = dataclasses.replace(PLAIN, modalities=frozenset({"radiograph", "volume"}))
    assert OfVolumes.obstacle(mixed) is None
