"""methods: what it says where there is nothing to tell of; tests/evidence runs it on a study."""

import pytest

from elsewhere.commands.methods import write
from elsewhere.design import params as tables
from elsewhere.design.params import ParamsError
from elsewhere.evidence.finished import UnfinishedError


@pytest.mark.parametrize(
    ("study", "error", "text"),
    [
        ("nowhere", ParamsError, "no study 'nowhere'"),
        ("nguyen2021", UnfinishedError, "make it with `snakemake -j8 results/nguyen2021/report"),
    ],
)
def test_a_study_without_results_is_refused(project, study, error, text):
    with pytest.raises(error, match=text):
        write(tables.read(), study)
    assert not (project / "results").exists()
