from __future__ import annotations

import csv
import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import chestxray_study as study
import pytest

from elsewhere.design.params import load
from elsewhere.figures import claims, judgements, paper
from elsewhere.figures.claim_evidence import OfOneLabel
from elsewhere.figures.judgements import OURS, PAPER, Judged
from elsewhere.figures.places import ByFinding
from elsewhere.figures.results import Results
from elsewhere.figures.trained_for import Epochs
from elsewhere.scores.cell import Predicted
from elsewhere.scores.evidence import APART, INTERNAL, PAIRED, Key

Texts = Callable[[Path], list[str]]
ASKED, KNOWN = paper.claims("chestxray"), paper.read("chestxray")
ALIKE = dict.fromkeys(study.ARMS, Epochs(6.35, 6.36))


@pytest.fixture(scope="module")
def predicted() -> dict[Key, Predicted]:
    return study.together(study.predictions(200))


@pytest.fixture(scope="module")
def radiographs(predicted: dict[Key, Predicted]) -> ByFinding:
    return study.by_finding(predicted)


@pytest.fixture(scope="module")
def judged(radiographs: ByFinding, predicted: dict[Key, Predicted]) -> list[Judged]:
    return claims.judge(radiographs, ASKED, known=KNOWN, predicted=predicted)


@pytest.fixture(scope="module")
def drawn(
    radiographs: ByFinding, judged: list[Judged], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("claims")
    assert claims.draw(radiographs, judged, folder, epochs=ALIKE) == ["claims"]
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_published_numbers_are_judged_as_the_requirements_count_them(drawn: Path) -> None:
    found = {
        row["requirement"]: (int(row["held"]), int(row["pairs"]), row["verdict"])
        for row in rows(drawn / judgements.CSV_NAME)
        if row["whose"] == PAPER
    }
    assert found == {
        "B-38": (29, 30, "does not hold"),
        "B-39": (8, 10, "holds"),
        "B-40": (4, 4, "holds"),
        "B-41": (30, 30, "holds"),
        "B-42": (2, 12, "does not hold"),
    }


def test_ours_are_judged_on_our_numbers(radiographs: ByFinding, drawn: Path) -> None:
    listed = rows(drawn / judgements.PAIRS_NAME)
    assert tuple(listed[0]) == judgements.PAIR_COLUMNS
    assert {(row["whose"], row["synthetic"]) for row in listed} == {(OURS, "yes"), (PAPER, "no")}
    mine = [row for row in listed if (row["requirement"], row["whose"]) == ("B-38", OURS)]
    assert len(mine) == 6 * 5
    for row in mine:
        finding, arm = row["finding"], row["first_arm"]
        inside = radiographs.internal[finding][arm]["pooled"]
        outside = radiographs.results[finding].cells[arm, "mimic-cxr-jpg-synthetic"]["pooled"]
        assert float(row["value"]) == pytest.approx(inside["auc"] - outside["auc"])
        assert row["holds"] == ("yes" if inside["auc"] > outside["auc"] else "no")
        assert row["interval"] == APART, "different patients"
    (counted,) = [
        row
        for row in rows(drawn / judgements.CSV_NAME)
        if (row["requirement"], row["whose"]) == ("B-38", OURS)
    ]
    assert int(counted["held"]) == sum(row["holds"] == "yes" for row in mine)
    assert int(counted["held_beyond"]) == sum(
        (row["holds"], row["beyond"]) == ("yes", "yes") for row in mine
    )


def test_arms_on_the_same_scans_are_compared_there(judged: list[Judged]) -> None:
    by_number = {one.claim.requirement: one.verdicts[OURS][0] for one in judged}
    for requirement in ("B-39", "B-41"):
        assert {pair.interval for pair in by_number[requirement].pairs} == {PAIRED}
    # the joint arm is tested on more scans than either of its sites has
    assert {pair.interval for pair in by_number["B-40"].pairs} == {APART}


def test_predictions_are_not_needed(radiographs: ByFinding, judged: list[Judged]) -> None:
    """Without them only the intervals are wider: same directions, same verdicts."""
    bare = claims.judge(radiographs, ASKED, known=KNOWN, predicted={})
    for one, other in zip(judged, bare, strict=True):
        first, second = one.verdicts[OURS][0], other.verdicts[OURS][0]
        assert [pair.holds for pair in first.pairs] == [pair.holds for pair in second.pairs]
        assert first.word == second.word
        assert PAIRED not in {pair.interval for pair in second.pairs}


def test_the_figure_says_what_breaks_a_claim(drawn: Path, svg_texts: Texts) -> None:
    shown = " ".join(svg_texts(drawn / "claims.svg"))
    assert "holds in 29 of 30 pairs" in shown
    assert "Atelectasis, CheXpert, InceptionResNetV2: internal 0.716, MIMIC-CXR-JPG 0.716" in shown
    assert "holds in 8 of 10 pairs" in shown
    assert "in direction only" in shown
    assert "columns presumed in the order of Figures 4 to 6" in shown
    assert "SYNTHETIC DATA" in shown


def test_arms_that_do_not_count_are_not_judged(radiographs: ByFinding) -> None:
    """Weights chosen on test, or models of another arm, would be judged twice or too well."""
    results = {
        name: dataclasses.replace(
            one,
            rows=tuple(
                dataclasses.replace(row, counted=row.name != "both-densenet121") for row in one.rows
            ),
        )
        for name, one in radiographs.results.items()
    }
    part = dataclasses.replace(radiographs, results=results)
    found = claims.judge(part, ASKED, known=KNOWN, predicted={})
    keys = {
        pair.first
        for one in found
        for verdict, _ in one.verdicts.values()
        for pair in verdict.pairs
    }
    assert ("chexpert-densenet121", INTERNAL, "edema") in keys
    assert not any(arm == "both-densenet121" for arm, _, _ in keys)


@pytest.fixture(scope="module")
def judged_volumes(nguyen: Results) -> tuple[OfOneLabel, list[Judged]]:
    arms = load(Path(__file__).parents[1] / "params").studies["nguyen2021"].arms
    of = OfOneLabel(nguyen, arms)
    known = paper.read("nguyen2021")
    return of, claims.judge(of, paper.claims("nguyen2021"), known=known, predicted={})


def test_accuracies_of_a_study_of_one_label_are_judged_site_by_site(
    nguyen: Results, judged_volumes: tuple[OfOneLabel, list[Judged]]
) -> None:
    """A-66, A-73, A-74 on our numbers: values are those of the cells, averages those of A-54."""
    verdicts = {one.claim.kind: one.verdicts[OURS][0] for one in judged_volumes[1]}
    counts = {kind: len(verdict.pairs) for kind, verdict in verdicts.items()}
    assert counts == {
        "worst_unseen": 3 * 3 - 1,
        "poor_unseen": 3,
        "best_above_single": 3,
        "site_raises_average": 2,
        "site_lowers_others": 2 * 3,
    }
    sites = {column.name: column for column in nguyen.columns}
    rows = {row.name: row for row in nguyen.rows}

    def accuracy(arm: str, site: str) -> float:
        return float(nguyen.cell(rows[arm], sites[site])["pooled"]["accuracy"])

    for pair in verdicts["site_lowers_others"].pairs:
        (more, site, _), (fewer, _, _) = pair.first, pair.second or ("", "", "")
        assert more == f"{fewer}_mosmed"
        assert pair.value == pytest.approx(accuracy(more, site) - accuracy(fewer, site))
        assert pair.holds == (accuracy(more, site) < accuracy(fewer, site))
        assert (pair.low is not None, pair.interval) == (True, APART)
    for pair in verdicts["site_raises_average"].pairs:
        means = [
            sum(accuracy(arm, site) for site in sites) / 4
            for arm, _, _ in (pair.first, pair.second or ("", "", ""))
        ]
        assert pair.value == pytest.approx(means[0] - means[1])
    for pair in verdicts["best_above_single"].pairs:
        _, site, _ = pair.first
        several = [name for name, row in rows.items() if site in row.sites and not row.single]
        assert accuracy(pair.first[0], site) == max(accuracy(arm, site) for arm in several)
    of_mosmed = {pair.first[0]: pair.value for pair in verdicts["poor_unseen"].pairs}
    assert of_mosmed == {arm: accuracy(arm, "mosmed") for arm in ("utsw", "cc-ccii", "covid-ctset")}


def test_what_the_paper_does_not_print_cannot_be_said(
    judged_volumes: tuple[OfOneLabel, list[Judged]], tmp_path: Path, svg_texts: Texts
) -> None:
    """A-73 is contradicted by the paper's own 0.96 and 0.97; Figure 4's other cells are images."""
    of, judged = judged_volumes
    words = {one.claim.kind: one.verdicts[PAPER][0].word for one in judged}
    assert words.pop("best_above_single") == "does not hold"
    assert set(words.values()) == {"cannot be said"}
    assert claims.draw(of, judged, tmp_path, epochs={}) == ["claims"]
    shown = " ".join(svg_texts(tmp_path / "claims.svg"))
    assert "holds in 2 of 3 pairs" in shown
    assert "CC-CCII: UTSW + CC-CCII 0.960, CC-CCII 0.970" in shown
    assert "no accuracy in 8" in shown
    listed = rows(tmp_path / judgements.PAIRS_NAME)
    assert {row["metric"] for row in listed} == {"accuracy"}
    assert {row["interval"] for row in listed if row["whose"] == PAPER} == {""}


def test_nothing_is_drawn_without_claims(radiographs: ByFinding, tmp_path: Path) -> None:
    found = claims.judge(radiographs, paper.claims("contrastive"), known=[], predicted={})
    assert claims.draw(radiographs, found, tmp_path, epochs={}) == []
    assert list(tmp_path.iterdir()) == []


def test_a_claim_that_compares_arms_says_for_how_long_they_were_trained_b39(
    drawn: Path, radiographs: ByFinding, judged: list[Judged], tmp_path: Path, svg_texts: Texts
) -> None:
    assert lengths(drawn, svg_texts) == ["all trained for 6.4 epochs"] * 3, "B-39, B-40 and B-41"
    apart = {arm: Epochs(12.7, 12.7) if "14" in arm else Epochs(4.2, 6.4) for arm in study.ARMS}
    claims.draw(radiographs, judged, tmp_path, epochs=apart)
    found = lengths(tmp_path, svg_texts)
    assert len(found) == 3
    assert all(said.endswith("epochs: differences may come from that") for said in found)
    assert "trained for 4.2 to 12.7 epochs" in found[-1], "B-41 compares all arms"
    listed = rows(tmp_path / judgements.PAIRS_NAME)
    pairs = [row for row in listed if row["requirement"] == "B-39"]
    assert {(row["whose"], row["first_epochs"]) for row in pairs} == {(OURS, "6.4"), (PAPER, "")}
    assert {row["second_epochs"] for row in pairs if row["whose"] == OURS} <= {"6.4", "12.7"}
    claims.draw(radiographs, judged, tmp_path, epochs={})
    assert lengths(tmp_path, svg_texts) == []


def lengths(folder: Path, svg_texts: Texts) -> list[str]:
    """Return the sentences on the length of training, lines joined."""
    text = " ".join(svg_texts(folder / "claims.svg"))
    return re.findall(r"(?:all )?trained for .*?epochs(?:: differences may come from that)?", text)
