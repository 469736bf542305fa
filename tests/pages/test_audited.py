"""audited: the page tells what audit.json and the gates hold."""

import json

STUDY = "nguyen2021"


def test_every_question_of_the_audit_is_answered(client, project):
    audit = json.loads((project / f"results/{STUDY}/audit/audit.json").read_text())
    text = client.get(f"/studies/{STUDY}/audit").text
    assert text.count('<tr><th scope="row">label</th>') == sum(
        one["what"] == "label" for one in audit["shortcuts"]
    )
    for one in audit["shortcuts"]:
        assert (f"{one['auc']:.2f}" if one["auc"] is not None else one["reason"]) in text
    assert f"{audit['contingency']['cramers_v']:.2f}" in text
    assert "One class: the site alone gives the label" in text  # MosMedData
    assert f"{audit['duplicates']['identical_pairs']} identical" in text


def test_every_site_is_divided_by_patient(client, project):
    text = client.get(f"/studies/{STUDY}/audit").text
    gate = json.loads((project / f"results/{STUDY}/splits/utsw-synthetic.gate.json").read_text())
    assert text.count("patient-level") == 3
    for sentence in gate["checked"]:
        assert sentence in text
