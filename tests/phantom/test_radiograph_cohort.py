from collections import Counter
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
from pydantic import TypeAdapter
from scipy.stats import chi2_contingency

from elsewhere.design import params
from elsewhere.design.kinds import Of
from elsewhere.design.phantom_rows import PhantomRow
from elsewhere.design.radiograph_phantom_rows import FINDINGS
from elsewhere.phantom import radiograph_cohort

parse = TypeAdapter(Annotated[PhantomRow, Of("phantoms")]).validate_python
MANY = 3000
SITES = ("chexpert-synthetic", "chestxray14-synthetic", "mimic-cxr-jpg-synthetic")


@pytest.fixture(scope="module")
def table():
    return params.load(Path(__file__).parents[1] / "params").phantoms


def drawn(values, **changes):
    given = values if isinstance(values, dict) else values.model_dump()
    row = parse(given | changes)
    return radiograph_cohort.draw(row, row.findings)


def odds(patients):
    """Patients by cardiomegaly and pacemaker: table and odds ratio, half a patient added."""
    counts = Counter(("Cardiomegaly" in one.studies[0].findings, one.pacemaker) for one in patients)
    square = np.array([[counts[ill, device] for device in (True, False)] for ill in (True, False)])
    with_half = square + 0.5
    return square, with_half[0, 0] * with_half[1, 1] / (with_half[0, 1] * with_half[1, 0])


@pytest.mark.parametrize("site", SITES)
def test_each_finding_has_the_prevalence_of_its_row(table, site):
    patients = drawn(table[site], patients=MANY)
    for name in FINDINGS:
        wanted = table[site].findings[name].prevalence
        found = [name in patient.studies[0].findings for patient in patients]
        error = np.sqrt(wanted * (1 - wanted) / MANY)
        assert np.mean(found) == pytest.approx(wanted, abs=4 * error)


def test_sites_differ_in_prevalence(table):
    """B-46."""
    shares = {
        site: np.mean([bool(one.studies[0].findings) for one in drawn(table[site], patients=800)])
        for site in SITES
    }
    assert shares["chestxray14-synthetic"] < shares["chexpert-synthetic"] - 0.1


@pytest.mark.parametrize(
    ("one", "other", "tied"),
    [
        ("Cardiomegaly", "Edema", True),
        ("Atelectasis", "Pleural Effusion", True),
        ("Cardiomegaly", "Atelectasis", False),
        ("Edema", "Consolidation", False),
    ],
)
def test_findings_come_together_by_their_cause(row, one, other, tied):
    studies = [patient.studies[0].findings for patient in drawn(row("chexpert"), patients=MANY)]
    counts = Counter((one in found, other in found) for found in studies)
    square = [[counts[a, b] for b in (True, False)] for a in (True, False)]
    ratio = square[0][0] * square[1][1] / (square[0][1] * square[1][0])
    assert (chi2_contingency(square).pvalue < 1e-6) == tied
    assert (ratio > 2) == tied


def test_a_pacemaker_goes_with_cardiomegaly_at_one_site_only(table):
    """B-45: also in the few patients that are written."""
    for site in SITES:
        many, ratio = odds(drawn(table[site], patients=MANY))
        if site == "chexpert-synthetic":
            assert chi2_contingency(many).pvalue < 1e-12
            assert ratio > 20
            assert odds(drawn(table[site]))[1] > 10
        else:
            assert chi2_contingency(many).pvalue > 0.01
            assert 0.5 < ratio < 2


def test_a_heart_stays_large_and_lungs_change(row):
    patients = drawn(row("chexpert"), patients=200, studies_per_patient=[3, 3])
    hearts = [{"Cardiomegaly" in study.findings for study in one.studies} for one in patients]
    assert {len(one) for one in hearts} == {1}
    changed = [len({"Edema" in study.findings for study in one.studies}) for one in patients]
    assert 0.2 < np.mean(np.array(changed) == 2) < 0.8


def test_people_are_those_of_the_row(row):
    patients = drawn(row("chestxray14"), patients=2000, female=0.3, age_mean=46.0, age_sd=5.0)
    assert np.mean([one.sex == "F" for one in patients]) == pytest.approx(0.3, abs=0.04)
    assert np.mean([one.age for one in patients]) == pytest.approx(45.5, abs=0.6)
    assert np.std([one.age for one in patients]) == pytest.approx(5, abs=0.4)
    assert [one.number for one in patients] == list(range(1, 2001))
    portable = [study.portable for one in patients for study in one.studies]
    assert np.mean(portable) == pytest.approx(0.5, abs=0.05)
    assert {len(one.studies) for one in patients} == {1, 2}


def test_the_same_row_gives_the_same_patients_and_more_change_none(row):
    first = drawn(row("chexpert"))
    assert drawn(row("chexpert")) == first
    assert drawn(row("chexpert"), patients=9)[:6] == first
    assert drawn(row("chexpert"), seed=6) != first


def test_none_and_all_are_prevalences_too(row):
    values = row("chexpert")
    values["findings"]["Edema"]["prevalence"] = 0.0
    values["findings"]["Atelectasis"]["prevalence"] = 1.0
    found = {name for one in drawn(values, patients=50) for name in one.studies[0].findings}
    assert "Edema" not in found
    assert all("Atelectasis" in one.studies[0].findings for one in drawn(values, patients=50))
