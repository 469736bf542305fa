"""figure_job: what figures are given lies below the folder that was named."""

from pathlib import Path

from elsewhere.design.graph import stages
from elsewhere.design.params import load
from elsewhere.evidence.figure_job import given_of

ROOT = Path(__file__).parents[2]


def test_every_file_of_the_stage_is_given_below_the_top_folder(tmp_path):
    params = load(ROOT / "tests/params")
    stage = stages(params)["figure--nguyen2021"]
    given = given_of(stage, params, top=tmp_path)
    files = [
        p for v in given.job.inputs.values() for p in (v.values() if isinstance(v, dict) else [v])
    ]
    assert {str(path.relative_to(tmp_path)) for path in files} == set(stage.files)
    assert given.job.outputs["report"] == tmp_path / stage.outputs["report"]
    assert given.settings.title == params.studies["nguyen2021"].title
    assert [*given.settings.arms] == [*params.studies["nguyen2021"].arms]
