"""audited: a reader learns what predicts the label, and what the disease does to it."""

from __future__ import annotations

from elsewhere.cohorts.fields import GROUPS
from elsewhere.cohorts.fields import HEADERS as HEADER_GROUPS
from elsewhere.scores import audited


def answer(fields: str, p_holm: float, **changes: object) -> dict[str, object]:
    known = {"what": "label", "where": "a-row", "fields": fields, "status": "ok", "auc": 0.9}
    return known | {"p_holm": p_holm, "family": 40} | changes


def texts(*answers: dict[str, object]) -> list[str]:
    return [*audited.sentences(answers, titles={"a-row": "Site A"})]


def test_every_group_of_fields_has_a_name() -> None:
    assert {*audited.NAMES} == {*GROUPS}
    assert {*audited.HEADERS} == {*HEADER_GROUPS}


def test_what_voxels_predict_is_said_with_what_the_disease_does_to_them() -> None:
    (text,) = texts(answer("texture", 0.03), answer("format", 0.2))
    assert text.startswith("The label at Site A can be predicted from simple measures")
    assert "voxels (noise and sharpness: AUC 0.90, p 0.030), which the disease may change" in text
    assert "headers" not in text
    assert text.endswith("(p: Holm over 40 confirmatory tests).")


def test_headers_and_voxels_of_a_question_stand_in_one_sentence() -> None:
    of_site = {"what": "site", "where": "all sites"}
    label, site = texts(
        answer("format", 0.01), answer("thumbnail", 0.05), answer("geometry", 0.001, **of_site)
    )
    assert "headers alone, without an image (the file format: AUC 0.90, p 0.010), and from" in label
    assert site.startswith("The site of a scan can be predicted from simple measures")


def test_what_chance_explains_or_has_no_number_is_not_said() -> None:
    undefined = answer("format", 0.0) | {"status": "undefined", "p_holm": None}
    assert texts(answer("format", 0.06), undefined) == []


def test_the_worst_shortcut_is_one_to_the_label_before_one_to_the_site():
    shortcuts = [
        {"what": "site", "where": "all", "fields": "format", "auc": 0.99, "p_holm": 0.001},
        {"what": "label", "where": "x", "fields": "geometry", "auc": 0.81, "p_holm": 0.02},
        {"what": "label", "where": "x", "fields": "format", "auc": 0.95, "p_holm": 0.4},
    ]
    known = [{**shortcut, "status": "ok", "family": 30} for shortcut in shortcuts]
    lost = {"what": "label", "where": "y", "fields": "format", "status": "undefined"}
    text = audited.worst([*known, lost], titles={"x": "Site X"})
    assert text == (
        "the label at Site X from borders and lung size (AUC 0.81, p 0.020 by Holm over 30 "
        "confirmatory tests); "
        "2 of 3 shortcuts were found"
    )
    assert audited.worst(known[:1], titles={}).startswith("the site of a scan from the file format")
    assert (
        audited.worst(known[2:], titles={}) == "no shortcut was found among 1 that were asked for"
    )
