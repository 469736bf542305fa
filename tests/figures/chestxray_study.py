"""A study of five findings with drawn scores: AUCs near those of the paper, at sites of 3 sizes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import norm

from elsewhere.design.arm import Arm
from elsewhere.design.scoring import Scoring
from elsewhere.figures.divided import Divided
from elsewhere.figures.places import ByFinding
from elsewhere.figures.results import Column, Metrics, Named, Results, Row
from elsewhere.scores.cell import Predicted, assemble
from elsewhere.scores.evidence import INTERNAL, Key

TITLES = {
    "cardiomegaly": "Cardiomegaly",
    "edema": "Edema",
    "consolidation": "Consolidation",
    "atelectasis": "Atelectasis",
    "pleural_effusion": "Pleural Effusion",
}
NETWORKS = {"densenet121": "DenseNet121", "inception-resnet-v2": "InceptionResNetV2"}
SITES = {"chexpert": "CheXpert", "chestxray14": "ChestX-ray14", "mimic-cxr-jpg": "MIMIC-CXR-JPG"}
TRAINED = {
    "chexpert": ("chexpert",),
    "chestxray14": ("chestxray14",),
    "both": ("chexpert", "chestxray14"),
}
# Table 1 as it is printed (B-32 to B-37), typed here a second time: internal, external MIMIC
TABLE_1 = {
    ("densenet121", "chexpert"): ("0.853 0.852 0.714 0.711 0.864", "0.735 0.808 0.706 0.704 0.854"),
    ("densenet121", "chestxray14"): (
        "0.905 0.88 0.797 0.803 0.873",
        "0.674 0.732 0.614 0.679 0.792",
    ),
    ("densenet121", "both"): ("0.878 0.900 0.747 0.775 0.893", "0.744 0.817 0.694 0.729 0.859"),
    ("inception-resnet-v2", "chexpert"): (
        "0.854 0.857 0.719 0.716 0.866",
        "0.729 0.815 0.694 0.716 0.856",
    ),
    ("inception-resnet-v2", "chestxray14"): (
        "0.910 0.871 0.796 0.805 0.870",
        "0.651 0.702 0.626 0.682 0.773",
    ),
    ("inception-resnet-v2", "both"): (
        "0.881 0.902 0.752 0.781 0.894",
        "0.734 0.808 0.706 0.724 0.862",
    ),
}
COMMON = {"chexpert": 0.25, "chestxray14": 0.1, "mimic-cxr-jpg": 0.3}  # prevalence of a finding
SCORING = Scoring(threshold_from="argmax", confidence=0.95, bootstrap=20, seed=0)
ARMS = {
    f"{trained}-{network}": Arm(
        sites=sites, method="erm", network=network, title=f"{SITES_AND}, {title}"
    )
    for network, title in NETWORKS.items()
    for trained, sites in TRAINED.items()
    for SITES_AND in (" + ".join(SITES[site] for site in sites),)
}


def columns(*, synthetic: bool = True, gone: Sequence[str] = ()) -> tuple[Column, ...]:
    return tuple(
        Column(name, f"{name}-synthetic", title, synthetic, name not in gone)
        for name, title in SITES.items()
    )


def expected(arm: str, site: str, finding: int) -> float:
    """AUC that scores are drawn for: the published one, or on another training site in between."""
    trained = arm.removesuffix(f"-{ARMS[arm].network}")
    internal, external = TABLE_1[ARMS[arm].network, trained]
    inside, outside = (float(text.split()[finding]) for text in (internal, external))
    return inside if site in ARMS[arm].sites else outside


def predictions(scans: int, *, seed: int = 0) -> dict[Key, Predicted]:
    """Test predictions by arm, row of the site and finding; two scans a patient.

    Scans are hard or easy for all arms alike, so that arms on the same scans are correlated.
    """
    found = {}
    for name in SITES:
        for number, finding in enumerate(TITLES):
            dice = np.random.default_rng([seed, *map(ord, name), number])
            label = (dice.random(scans) < COMMON[name]).astype(np.int64)
            label[:4] = (0, 0, 1, 1)
            hard = dice.normal(size=scans)
            for arm in ARMS:
                apart = 2**0.5 * float(norm.ppf(expected(arm, name, number)))
                noise = 0.8**0.5 * hard + 0.2**0.5 * dice.normal(size=scans)
                found[arm, name, finding] = _predicted(name, label, apart * label + noise)
    return found


def _predicted(site: str, label: np.ndarray, score: np.ndarray) -> Predicted:
    share = norm.cdf(score - 0.5)
    frame = pd.DataFrame(
        {
            "scan_id": [f"{site}-{number:06d}" for number in range(len(label))],
            "patient_id": [f"{site}-{number // 2:06d}" for number in range(len(label))],
            "label": label,
            "fold": 0,
            "seed": 0,
            "part": "test",
            "probability_0": 1 - share,
            "probability_1": share,
            "window_start": 0,
            "mc_probability": [[] for _ in label],
        }
    )
    return Predicted(frame, {"status": "ok", "patient_key": "published"})


def together(predicted: dict[Key, Predicted]) -> dict[Key, Predicted]:
    """Add each arm's test scans of all its own sites."""
    inside = {}
    for arm, part in ARMS.items():
        for finding in TITLES:
            of_sites = [predicted[arm, site, finding] for site in part.sites]
            frame = pd.concat([one.frame for one in of_sites], ignore_index=True)
            inside[arm, INTERNAL, finding] = Predicted(frame, of_sites[0].metadata)
    return predicted | inside


def measured(key: Key, test: Predicted) -> Metrics:
    """metrics.json of one finding, by the code that scores."""
    arm, site, _ = key
    rows = {f"{name}-synthetic": test for name in ARMS[arm].sites}
    return assemble(
        test,
        training=rows,
        names={"study": "chestxray", "arm": arm, "site": f"{site}-synthetic"},
        scoring=SCORING,
    )


def by_finding(
    predicted: dict[Key, Predicted], *, synthetic: bool = True, titles: dict[str, str] = TITLES
) -> ByFinding:
    """The study with these predictions, as from `together`."""
    cells = {key: measured(key, test) for key, test in predicted.items()}
    rows = tuple(Row(name, str(arm.title), arm.sites) for name, arm in ARMS.items())
    named = Named(
        study="chestxray",
        title="Chest radiographs",
        classes=("absent", "present"),
        confidence=SCORING.confidence,
        threshold_from=SCORING.threshold_from,
    )
    return ByFinding(
        titles=titles,
        arms=ARMS,
        results={
            finding: Results(
                named,
                rows,
                columns(synthetic=synthetic),
                {
                    (arm, f"{site}-synthetic"): cells[arm, site, finding]
                    for arm in ARMS
                    for site in SITES
                },
            )
            for finding in titles
        },
        internal={
            finding: {arm: cells[arm, INTERNAL, finding] for arm in ARMS} for finding in titles
        },
    )


def cohorts(sizes: dict[str, int], *, seed: int = 0, synthetic: bool = True) -> Divided:
    """Manifests and splits: two scans a patient, one in five lateral and left out at CheXpert.

    ChestX-ray14's patients are younger, MIMIC-CXR-JPG knows no age and no sex and is all tested.
    A consolidation is unknown on one in ten scans of CheXpert.
    """
    manifests, splits = {}, {}
    for name in SITES:
        dice = np.random.default_rng([seed, *map(ord, name)])
        manifest = _manifest(name, sizes[name], dice)
        manifests[f"{name}-synthetic"] = manifest
        splits[f"{name}-synthetic"] = _split(name, manifest, dice)
    return Divided(columns(synthetic=synthetic), manifests, splits, TITLES)


def _manifest(name: str, scans: int, dice: np.random.Generator) -> pd.DataFrame:
    patient = np.arange(scans) // 2
    patients = scans // 2 + 1
    sex = np.where(dice.random(patients) < 0.55, "M", "F")[patient]
    centre, width = (60, 18) if name == "chexpert" else (46, 17)
    age = np.clip(dice.normal(centre, width, patients), 0, 95).round()[patient]
    age = age + np.arange(scans) % 2  # a patient's second scan is a year later
    mimic = name == "mimic-cxr-jpg"
    lateral = (name == "chexpert") & (dice.random(scans) < 0.2)
    return pd.DataFrame(
        {
            "scan_id": [f"{name}-{number:06d}" for number in range(scans)],
            "patient_id": [f"{name}-{number:06d}" for number in patient],
            "patient_key": "published",
            "sex": "unknown" if mimic else sex,
            "age": float("nan") if mimic else age,
            "view": np.where(lateral, "lateral", np.where(dice.random(scans) < 0.5, "PA", "AP")),
        }
    )


def _split(name: str, manifest: pd.DataFrame, dice: np.random.Generator) -> pd.DataFrame:
    kept = manifest[manifest["view"] != "lateral"]
    frame = kept[["scan_id", "patient_id"]].reset_index(drop=True)
    for number, finding in enumerate(TITLES):
        share = COMMON[name] * (0.4 + 0.3 * number)
        label = pd.Series((dice.random(len(frame)) < share).astype("int64"), dtype="Int64")
        if (name, finding) == ("chexpert", "consolidation"):
            label[dice.random(len(frame)) < 0.1] = pd.NA
        frame[finding] = label
    patients = frame["patient_id"].unique()
    drawn = dict(zip(patients, dice.random(len(patients)), strict=True))
    at = frame["patient_id"].map(drawn)
    part = np.where(at < 0.2, "test", np.where(at < 0.28, "validation", "train"))
    frame["fold"] = 0
    frame["part"] = "test" if name == "mimic-cxr-jpg" else part
    return frame
