"""`elsewhere estimate` knows every study at every scale, and runs nothing."""

import json
from pathlib import Path

import pytest

from elsewhere.commands.estimate import Wanted, estimate, machine, slices, write
from elsewhere.commands.estimates.work import Machine
from elsewhere.design.params import ParamsError, load

PARAMS = load(Path(__file__).parents[1] / "params")
ALL = [(study, scale) for study, row in PARAMS.studies.items() for scale in row.scales]


@pytest.mark.parametrize(("study", "scale"), ALL)
def test_every_study_has_an_estimate_at_each_scale(tmp_path, monkeypatch, study, scale):
    monkeypatch.chdir(tmp_path)
    made = estimate(PARAMS, Wanted(study, scale, Machine(4, 2)))
    assert {"ingest", "train", "predict", "score", "figure"} <= {step.name for step in made.steps}
    assert not [*tmp_path.iterdir()]


def test_the_papers_own_costs_stand_beside_trainings_on_a_gpu_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paper, demo = (
        estimate(PARAMS, Wanted("nguyen2021", scale, Machine(2, 1))).beside
        for scale in ("paper", "demo")
    )
    assert [row[1].split(";")[0] for row in paper[:3]] == ["5", "45", "0.53"]
    validated = 500 * (5 * 26 + 6 * 325 + 6 * 107 + 2 * 69)
    assert float(paper[3][2]) == round(validated * 0.53 / 86_400, 1)
    assert [row[0] for row in demo] == ["all steps on two cores"]


def test_the_file_holds_what_the_estimate_holds(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = estimate(PARAMS, Wanted("ucadi", None, Machine(2, 1)))
    write(made, tmp_path / "estimate.json")
    assert json.loads((tmp_path / "estimate.json").read_text()) == made.plain()


@pytest.mark.parametrize(("study", "scale"), [("nobody2021", "demo"), ("nguyen2021", "huge")])
def test_an_unknown_study_or_scale_is_named(study, scale):
    with pytest.raises(ParamsError, match=study if study != "nguyen2021" else scale):
        estimate(PARAMS, Wanted(study, scale, Machine(2, 1)))


def test_slices_are_a_range_of_whole_numbers():
    assert slices("60-400") == (60, 400)
    assert slices("128") == (128, 128)
    assert slices(None) is None
    for wrong in ("0", "many", "1-2-3", "-5"):
        with pytest.raises(ParamsError, match="60-400"):
            slices(wrong)


def test_a_machine_has_cores_and_a_gpu():
    assert machine("16,2") == Machine(16, 2)
    assert machine("16") == Machine(16, 1)
    assert machine(None).cores >= 1
    for wrong in ("0", "two", "1,2,3", "4,0"):
        with pytest.raises(ParamsError, match="16,2"):
            machine(wrong)
