"""second_stage: what ucadi-severity says of its first stage is what the paper says (C-16)."""

from elsewhere.design import params as tables


def test_severities_are_those_of_scans_called_covid_19(params: tables.Params) -> None:
    study = params.studies["ucadi-severity"]
    assert study.classes == ("I", "II", "III")
    assert study.second_stage is not None
    assert study.second_stage.called == params.studies["ucadi"].classes[1] == "COVID-19"
