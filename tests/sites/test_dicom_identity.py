from pathlib import Path

import pytest

from elsewhere.imaging.dicom.header import Header, Slice
from elsewhere.imaging.volume import Unusable
from elsewhere.sites.dicom_identity import identities
from elsewhere.sites.label_table import Row


def stack(heights, prefix="s", **known):
    """Slices of which only identifiers matter."""
    texts = dict.fromkeys(Header.__dataclass_fields__, "")
    return [
        Slice(
            Header(**texts | known | {"path": Path(f"{prefix}{z}"), "stored": None}),
            *(0, (0.0, 0.0, float(z)), None, None, None, None, "", "", None),
        )
        for z in heights
    ]


def row(patient=""):
    return Row(2, {"patient": patient})


def whose(slices, rows, *, key="accession", named="patient_id"):
    return identities(slices, rows, key=key, named=named)


def test_the_files_say_whose_a_volume_is():
    slices = stack(range(3), accession="A", patient="P")
    found = whose(slices, {"A": row()})
    assert found.patient(row(), slices[0].header) == "P"
    assert found.patient(row("P"), slices[0].header) == "P"
    assert found.patient(row("p"), slices[0].header) == "P"


def test_the_table_says_it_where_the_files_do_not():
    (one,) = stack([0], accession="A")
    assert whose([one], {"A": row("Q")}).patient(row("Q"), one.header) == "Q"
    with pytest.raises(Unusable, match="no_patient"):
        whose([one], {"A": row()}).patient(row(), one.header)


@pytest.mark.parametrize("other", ["Q", "p", ""])
def test_a_key_of_two_patients_names_neither(other):
    slices = stack(range(2), accession="A", patient="P") + stack(
        range(2), "t", accession="A", patient=other
    )
    found = whose(slices, {"A": row()})
    for one in slices:
        with pytest.raises(Unusable, match="several_patients: files of 2 patients"):
            found.patient(row(), one.header)
    # the table decides, and only for the patient that it names
    assert found.patient(row("P"), slices[0].header) == "P"
    with pytest.raises(Unusable, match="several_patients: the files are of another"):
        found.patient(row("P"), slices[-1].header)


def test_own_names_decide_on_request_and_never_over_two_patients():
    slices = [
        *stack([0], accession="A", patient="X1"),
        *stack([0], "t", accession="B", patient="X2"),
    ]
    rows = {"A": row("ann"), "B": row("Ann")}
    own = whose(slices, rows, named="own")
    # two names of files of two patients: nothing says that they are one
    assert [own.patient(rows[k], one.header) for k, one in zip("AB", slices, strict=True)] == [
        "ann", "Ann"
    ]  # fmt: skip
    with pytest.raises(Unusable, match="several_patients"):
        whose(slices, rows).patient(rows["A"], slices[0].header)
    mixed = [*slices, *stack([0], "u", accession="A", patient="X3")]
    with pytest.raises(Unusable, match="several_patients"):
        whose(mixed, rows, named="own").patient(rows["A"], mixed[0].header)
