from __future__ import annotations

import copy

import pytest

from elsewhere.design import shown
from elsewhere.design.params import ParamsError, parse


def study_with(values, name="contrastive", **changes):
    changed = copy.deepcopy(values)
    changed["run"] = [name]
    changed["studies"][name] |= changes
    return parse(changed)


def test_a_study_that_names_none_has_the_usual_ones_that_fit(values):
    labels = shown.figures(study_with(values), "contrastive")
    assert labels[0] == "matrix"
    assert {"roc", "arms_table", "comparisons", "gradcam"} < set(labels)
    findings = shown.figures(study_with(values, "chestxray"), "chestxray")
    assert {"table_1", "claims", "flow"} < set(findings)
    assert not {"roc", "confusion", "arms_table"} & set(findings)


def test_named_figures_alone_are_drawn_in_the_order_of_the_report(values):
    params = study_with(values, figures=["training", "matrix"])
    assert shown.figures(params, "contrastive") == ("matrix", "training")


def test_a_figure_that_cannot_be_drawn_is_refused_with_the_reason(values):
    message = r"contrastive\.figures: 'table_1' cannot be drawn: it is not drawn of scans with one"
    with pytest.raises(ParamsError, match=message):
        study_with(values, figures=["standard", "table_1"])


def test_an_unknown_figure_is_refused_with_all_that_there_are(values):
    with pytest.raises(ParamsError, match="there is no 'heat_map' in figures; choose from stand"):
        study_with(values, figures=["standard", "heat_map"])


def test_claims_are_checked_where_their_figure_is_drawn(values):
    assert shown.claims(study_with(values, "chestxray"), "chestxray")
    without = study_with(values, "chestxray", figures=["matrix"])
    assert shown.claims(without, "chestxray") == ()
    assert shown.claims(study_with(values), "contrastive") == ()


@pytest.mark.parametrize(
    ("name", "modality"),
    [("nguyen2021", "volume"), ("contrastive", "slice"), ("chestxray", "radiograph")],
)
def test_scans_are_what_the_layouts_of_the_sites_say(values, name, modality):
    facts = shown.facts(study_with(values, name), name)
    if name == "nguyen2021":
        assert modality in facts.modalities
    else:
        assert facts.modalities == {modality}


@pytest.mark.parametrize(
    ("options", "modality"),
    [({}, "slice"), ({"shows": "radiograph"}, "radiograph")],
)
def test_of_a_general_layout_the_options_say_what_a_scan_is(values, options, modality):
    changed = copy.deepcopy(values)
    for row in ("sars-cov-2-ct-synthetic", "covid-ct-synthetic"):
        changed["sites"][row] |= {"layout": "images", "options": options, "synthetic": False}
        del changed["phantoms"][row]
    params = study_with(changed)
    assert shown.facts(params, "contrastive").modalities == {modality}
    figures = set(shown.figures(params, "contrastive"))
    assert {"matrix", "roc", "training", "site_profile"} <= figures


def test_rounds_are_drawn_of_studies_with_a_federation(values):
    assert "federation" not in shown.figures(study_with(values), "contrastive")
    with pytest.raises(ParamsError, match="no arm trains in rounds of a federation"):
        study_with(values, figures=["federation"])
    method = {**values["methods"]["fedavg"], "min_sites": 2}
    values["methods"]["two"] = method
    arms = values["studies"]["contrastive"]["arms"]
    arms["joint"] = {**arms["joint"], "method": "two"}
    assert "federation" in shown.figures(study_with(values), "contrastive")
