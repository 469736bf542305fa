import pytest

from elsewhere.design import params as tables
from elsewhere.design.params import ParamsError
from elsewhere.evidence import finished
from elsewhere.evidence.finished import UnfinishedError


def test_an_unknown_study_and_one_without_results_are_named(project):
    values = tables.read(project)
    with pytest.raises(ParamsError, match="no study 'nowhere'; there are"):
        finished.read(values, "nowhere")
    with pytest.raises(
        UnfinishedError, match="not there yet; make it with `snakemake -j8 results/"
    ):
        finished.read(values, "contrastive")


def test_the_figure_stage_is_read_back(study):
    """From where the graph says that its files are, which is what a user has."""
    read = finished.read(tables.read(), "nguyen2021")
    assert read.results.cells.keys() == study.results.cells.keys()
    assert read.settings_file.as_posix() == "config/studies/nguyen2021.yaml"
    assert read.trained() == ("utsw", "covid-ctset", "utsw_covid-ctset")
    assert read.notices() == study.notices()


def test_rows_are_those_of_the_scale_and_files_those_that_hold_them(study):
    assert [*study.networks()] == ["nguyen-cnn-demo"]
    assert [*study.inputs()] == ["nguyen-demo"]
    assert [*study.budgets()] == ["nguyen-demo"]
    [file] = study.row_files("methods", study.methods())
    assert "erm:" in file.read_text()
    assert study.row_files("networks", ["nguyen-cnn", "nguyen-cnn-demo"]) == [study.settings_file]


def test_notices_are_those_of_the_report(study):
    page = study.report.read_text(encoding="utf-8")
    assert study.notices()
    assert all(notice in page for notice in study.notices())
