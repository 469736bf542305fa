from __future__ import annotations

from pathlib import Path

import pytest

from elsewhere.design.parts import Site
from elsewhere.design.study import Arm
from elsewhere.figures.results import Named, Results, gather


def test_rows_and_columns_keep_their_declared_order(nguyen: Results) -> None:
    assert [column.title for column in nguyen.columns] == [
        "UTSW",
        "CC-CCII",
        "COVID-CTset",
        "MosMedData",
    ]
    single, multi = nguyen.groups()
    assert [row.label for row in single] == ["UTSW", "CC-CCII", "COVID-CTset"]
    assert multi[-1].label == "UTSW + CC-CCII + COVID-CTset + MosMedData"
    assert len(nguyen.cells) == 36


def test_own_cells_are_those_of_the_training_sites(nguyen: Results) -> None:
    own = [(r.name, c.name) for r in nguyen.rows for c in nguyen.columns if nguyen.own(r, c)]
    assert len(own) == 3 + 3 * 2 + 3 + 3 + 4
    assert ("utsw_covid-ctset", "covid-ctset") in own
    assert ("utsw_covid-ctset", "cc-ccii") not in own


def test_a_site_without_patient_keys_is_starred_and_noted(contrastive: Results) -> None:
    starred, plain = contrastive.columns
    assert contrastive.heading(starred) == "SARS-CoV-2 CT *"
    assert contrastive.heading(plain) == "COVID-CT"
    assert any("no patient keys published" in note for note in contrastive.notes())


def test_a_missing_cell_is_an_error() -> None:
    site = Site(title="A", layout="x", privacy="public")
    with pytest.raises(ValueError, match="one/a are missing"):
        gather(
            {"other/a": Path("x")},
            arms={"one": Arm(sites=("a",), method="erm", network="n")},
            sites={"a": site},
            site_rows={"a": "a"},
            named=Named("s", "t", ("no", "yes"), 0.95),
        )


def test_an_arm_has_its_title_and_never_hides_that_it_was_chosen_on_test(
    contrastive: Results,
) -> None:
    labels = {row.name: row.label for row in contrastive.rows}
    assert labels["joint"] == "Joint (Redesign)"
    assert labels["joint-on-test"] == "Joint (Redesign) (optimistic: chosen on test)"
    assert len(set(labels.values())) == len(labels)
