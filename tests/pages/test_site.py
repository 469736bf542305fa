"""site: counts of a site are those of its manifest and account, and no file is named."""

import json
import re

import pandas as pd
import pytest

STUDY = "nguyen2021"
SITES = ("utsw-synthetic", "cc-ccii-synthetic", "mosmed-synthetic")


@pytest.mark.parametrize("site", SITES)
def test_patients_and_scans_of_every_category(client, project, site):
    text = client.get(f"/studies/{STUDY}/sites/{site}").text
    table = pd.read_parquet(project / f"data/scans/{site}/manifest.parquet")
    assert f"{table['patient_id'].nunique()} patients, {len(table)} scans" in text
    for category, rows in table.groupby("category"):
        counts = (
            f'<td class="n">{rows["patient_id"].nunique()}</td>\\s*<td class="n">{len(rows)}</td>'
        )
        assert re.search(rf'<th scope="row">{re.escape(category)}</th>\s*{counts}', text)


@pytest.mark.parametrize("site", SITES)
def test_files_are_counted_by_reason_and_not_named(client, project, site):
    text = client.get(f"/studies/{STUDY}/sites/{site}").text
    account = json.loads((project / f"data/scans/{site}/account.json").read_text())
    assert f"{account['files']['total']:,} files" in text
    for reasons in account["files_by_reason"].values():
        for code in reasons:
            assert f'<th scope="row">{code}</th>' in text
    rejected = pd.read_csv(project / f"data/scans/{site}/rejected.csv", dtype=str)
    manifest = pd.read_parquet(project / f"data/scans/{site}/manifest.parquet")
    names = [*rejected["path"], *manifest["source_path"]]
    for name in names:
        assert name == "." or name not in text
    assert len(names) > 10


def test_every_model_at_the_site_is_linked(client):
    text = client.get(f"/studies/{STUDY}/sites/{SITES[0]}").text
    for arm in ("utsw", "utsw_cc-ccii"):
        assert f'href="/studies/{STUDY}/cells/{arm}/{SITES[0]}"' in text


def test_what_the_audit_found_here(client, project):
    audit = json.loads((project / f"results/{STUDY}/audit/audit.json").read_text())
    text = client.get(f"/studies/{STUDY}/sites/{SITES[0]}").text
    here = [one for one in audit["shortcuts"] if one["where"] == SITES[0]]
    assert len(here) >= 5
    for one in here:
        assert (f"{one['auc']:.2f}" if one["auc"] is not None else one["reason"]) in text
