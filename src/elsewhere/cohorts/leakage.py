"""leakage: the gate that checks that no patient is in two parts of a split (A-26)."""

from __future__ import annotations

from typing import Any

import pandas as pd

from elsewhere.cohorts import labels
from elsewhere.cohorts.split import Tested, pinned_part, shares
from elsewhere.design.split import Split

PARTS = ("train", "validation", "test")
IMAGE_LEVEL = "image-level: this site publishes no patient key"
NAMED = 5


class LeakageError(ValueError):
    """A split has a patient or identical voxels in two parts, or tests a patient wrongly."""


def check(
    split: pd.DataFrame,
    manifest: pd.DataFrame,
    groups: pd.DataFrame,
    *,
    settings: Split,
    tested: Tested = "by_share",
) -> dict[str, Any]:
    """Check a split for leakage, from its rows alone, and return a record of the checks.

    Parameters
    ----------
    split
        Columns scan_id, patient_id, fold, part and the labels.
    manifest
        Columns scan_id, patient_id, patient_key, volume_sha256: the scans that had to be split.
    groups
        Columns patient_id, group, across_sites: patients that identical or near-identical volumes
        connect to others, at this site or another.
    settings, tested
        Settings with which the split was made; see `split.assign`.

    Returns
    -------
    dict
        Plain values for gate.json.

    Raises
    ------
    LeakageError
        The message gives hashed keys. Reasons: a scan is missing or duplicated in a fold; a patient
        is in two parts of a fold; identical or near-identical volumes are in two parts of a fold; a
        group with members at other sites is not in the part that all sites put it into; a patient
        is not tested exactly once over the folds.
    """
    rows = split.merge(manifest[["scan_id", "volume_sha256"]], on="scan_id", how="left")
    _require_every_scan(rows, manifest, settings.folds)
    _require_one_part(rows, "patient_id", "patients")
    _require_one_part(rows, "volume_sha256", "identical volumes")
    members = rows.merge(groups, on="patient_id")
    _require_one_part(members, "group", "groups of near-identical volumes")
    _require_pinned(members[members["across_sites"]], settings, tested)
    checked = [
        "every scan is in every fold exactly once",
        "no patient is in two parts of a fold",
        "no two scans with identical voxels are in two parts of a fold",
        "no two patients with near-identical scans are in two parts of a fold",
        "patients found at several sites are in the same part at each",
    ]
    if tested == "all":
        _require_all_tested(rows)
        checked.append("the site is external: every scan is tested")
    elif settings.kind == "folds":
        _require_tested_once(rows)
        checked.append("every patient is tested in exactly one fold")
    elif settings.kind == "fixed_test":
        _require_fixed_test(rows)
        checked.append("all folds test the same patients; every other is validated in one fold")
    unkeyed = bool((manifest["patient_key"] == "none").any())
    return {
        "status": "ok" if len(manifest) else "not run",
        "reason": None if len(manifest) else "the manifest has no scan",
        "patient_key": "none" if unkeyed else "published",
        "split": IMAGE_LEVEL if unkeyed else "patient-level",
        "checked": checked,
        "patients": int(manifest["patient_id"].nunique()),
        "scans": len(manifest),
        "folds": settings.folds,
        "patients_in_two_parts": 0,
        "identical_volumes_in_two_parts": 0,
        "patients_sharing_a_volume": _sharing(manifest),
        "patients_in_groups": int(members["patient_id"].nunique()),
        "patients_across_sites": int(members.loc[members["across_sites"], "patient_id"].nunique()),
        "counts": _counts(rows),
        "shares": {"requested": _requested(settings), "reached": _reached(rows)},
    }


def _require_every_scan(rows: pd.DataFrame, manifest: pd.DataFrame, folds: int) -> None:
    expected = set(manifest["scan_id"])
    for fold in range(folds):
        actual = rows.loc[rows["fold"] == fold, "scan_id"]
        wrong = sorted(expected.symmetric_difference(actual) | set(actual[actual.duplicated()]))
        if wrong:
            raise LeakageError(
                f"fold {fold} holds {len(actual)} scans, expected each of {len(expected)} once; "
                f"first wrong ones {_first_keys(wrong)}"
            )
    unknown = sorted(set(rows["part"]) - set(PARTS))
    if unknown:
        raise LeakageError(f"unknown parts {unknown}, expected {list(PARTS)}")


def _require_one_part(rows: pd.DataFrame, column: str, what: str) -> None:
    parts = rows.groupby(["fold", column])["part"].nunique()
    divided = sorted({str(key) for _, key in parts[parts > 1].index})
    if divided:
        raise LeakageError(
            f"{len(divided)} {what} are in two parts of a fold, {column} {_first_keys(divided)}; "
            "no model may be trained on this split"
        )


def _require_all_tested(rows: pd.DataFrame) -> None:
    wrong = sorted(rows.loc[rows["part"] != "test", "scan_id"])
    if wrong:
        raise LeakageError(
            f"{len(wrong)} scans of an external site are not tested, scan_id {_first_keys(wrong)}"
        )


def _require_pinned(members: pd.DataFrame, settings: Split, tested: Tested) -> None:
    """Raise if a group with members at other sites is not in the part that its name decides.

    Another site knows only the group's name and the seed, and puts its own members there.
    """
    wrong = {
        group
        for group, fold, part in members[["group", "fold", "part"]].itertuples(index=False)
        if part != pinned_part(group, fold, settings=settings, tested=tested)
    }
    if wrong:
        raise LeakageError(
            f"{len(wrong)} groups with members at other sites are not in the part that their name "
            f"decides, group {_first_keys(sorted(wrong))}; a site would test what another trains on"
        )


def _require_tested_once(rows: pd.DataFrame) -> None:
    tested = rows[rows["part"] == "test"].groupby("patient_id")["fold"].nunique()
    times = tested.reindex(sorted(set(rows["patient_id"])), fill_value=0)
    wrong = [str(patient) for patient in times[times != 1].index]
    if wrong:
        raise LeakageError(
            f"{len(wrong)} patients are not tested in exactly one fold, "
            f"patient_id {_first_keys(wrong)}"
        )


def _require_fixed_test(rows: pd.DataFrame) -> None:
    folds = rows.groupby(["patient_id", "part"])["fold"].nunique().unstack(fill_value=0)
    times = folds.reindex(columns=[*PARTS], fill_value=0)
    tested = times["test"] == rows["fold"].nunique()
    wrong = times.index[~tested & ((times["test"] > 0) | (times["validation"] != 1))]
    if len(wrong):
        raise LeakageError(
            f"{len(wrong)} patients are neither tested in every fold nor validated in exactly one, "
            f"patient_id {_first_keys([str(patient) for patient in wrong])}"
        )


def _first_keys(keys: list[str]) -> str:
    return ", ".join(keys[:NAMED]) + (" ..." if len(keys) > NAMED else "")


def _sharing(manifest: pd.DataFrame) -> int:
    """Return the number of patients with a volume that another patient also has."""
    owners = manifest.groupby("volume_sha256")["patient_id"].transform("nunique")
    return int(manifest.loc[owners > 1, "patient_id"].nunique())


def _counts(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Count patients and scans by fold, part and label; with findings also by finding."""
    names = labels.columns(rows.columns.drop("volume_sha256"))
    counts = []
    for name in names:
        grouped = rows.groupby(["fold", "part", name])
        table = grouped.agg(patients=("patient_id", "nunique"), scans=("scan_id", "nunique"))
        for key in table.index:
            fold, part, label = key
            row = {"fold": int(fold), "part": part, "label": int(label)}
            finding = {} if names == (labels.LABEL,) else {"finding": name}
            counts.append(row | finding | table.loc[key].astype(int).to_dict())
    order = {name: number for number, name in enumerate(names)}
    return sorted(
        counts,
        key=lambda row: (
            row["fold"],
            PARTS.index(row["part"]),
            order.get(row.get("finding", ""), 0),
            row["label"],
        ),
    )


def _requested(settings: Split) -> dict[str, float]:
    test, validation = shares(settings)
    parts = (1 - test - validation, validation, test)
    return {part: float(share) for part, share in zip(PARTS, parts, strict=True)}


def _reached(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the shares of patients and of scans in the parts of each fold."""
    reached = []
    for fold in sorted(set(rows["fold"])):
        in_fold = rows[rows["fold"] == fold]
        for what, column in (("patients", "patient_id"), ("scans", "scan_id")):
            total = in_fold[column].nunique()
            fractions = {
                part: round(in_fold.loc[in_fold["part"] == part, column].nunique() / total, 6)
                for part in PARTS
            }
            reached.append({"fold": int(fold), "of": what, **fractions})
    return reached
