"""drawn: files of a study are served as they are, and what is a document can run no script."""

import pytest

STUDY = "nguyen2021"
FIGURES = f"/studies/{STUDY}/figures"


def test_every_picture_is_shown_with_its_caption(client, project):
    text = client.get(f"{FIGURES}/").text
    for path in (project / f"results/{STUDY}/figures").glob("*.png"):
        assert f'id="{path.stem}"' in text
        assert f'src="{FIGURES}/{path.stem}.svg"' in text


@pytest.mark.parametrize("name", ["matrix.svg", "matrix.png", "why_fell.csv"])
def test_a_file_is_served_whole(client, project, name):
    answer = client.get(f"{FIGURES}/{name}")
    assert answer.content == (project / f"results/{STUDY}/figures/{name}").read_bytes()


def test_a_picture_is_a_document_in_which_no_script_runs(client):
    policy = client.get(f"{FIGURES}/matrix.svg").headers["content-security-policy"]
    assert "sandbox" in policy.split("; ")
    assert "script" not in policy
    assert policy.startswith("default-src 'none'")


def test_the_report_is_served_whole_and_runs_no_script(client, project):
    answer = client.get(f"/studies/{STUDY}/report")
    assert answer.content == (project / f"results/{STUDY}/report.html").read_bytes()
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "sandbox allow-same-origin" in policy


@pytest.mark.parametrize(
    "path", ["matrix.csv", "cells/utsw/utsw-synthetic/metrics.json", "figures/matrix.png"]
)
def test_links_of_the_report_lead_to_the_files(client, project, path):
    """Its links are relative to results/<study>, and so is its address."""
    assert path in (project / f"results/{STUDY}/report.html").read_text()
    answer = client.get(f"/studies/{STUDY}/{path}")
    assert answer.content == (project / f"results/{STUDY}" / path).read_bytes()


@pytest.mark.parametrize(
    "path", ["figures/none.svg", "figures/matrix", "figures/matrix.SVG", "figures/.png",
             "cells/utsw/none/metrics.json", "splits/utsw-synthetic.csv"]
)  # fmt: skip
def test_other_files_are_not_served(client, path):
    assert client.get(f"/studies/{STUDY}/{path}").status_code == 404
