"""A study with invented, plausible results: binormal ROC curves, whose AUC has a closed form."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from elsewhere.design import shown
from elsewhere.design.comparisons import Comparisons
from elsewhere.design.figure_rows import STANDARD
from elsewhere.design.job import Job
from elsewhere.design.params import Params, load
from elsewhere.design.paths import COMBINED
from elsewhere.design.site import Site
from elsewhere.design.train_stages import runs
from elsewhere.figures.results import Named, Results, gather
from elsewhere.imaging import profile, store
from elsewhere.imaging.volume import Volume
from elsewhere.scores import explained, predictions
from elsewhere.scores.cell import Predicted, assemble, together
from elsewhere.scores.outcomes import OUTCOMES
from elsewhere.sites import manifest
from elsewhere.steps.figure import Settings, run

# the study of several findings is a module beside the tests, which importlib does not find
sys.path.insert(0, str(Path(__file__).parent))

ROOT = Path(__file__).parents[2]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep the folder on one worker: its files share studies."""
    item.add_marker(pytest.mark.xdist_group("figures"))


COUNTS = {"utsw": (68, 20), "cc-ccii": (852, 312), "covid-ctset": (271, 57), "mosmed": (171, 171)}
COUNTS |= {"site-a": (620, 313), "site-b": (186, 87)}
COUNTS |= {"chexpert": (400, 100), "chestxray14": (300, 60), "mimic-cxr-jpg": (500, 150)}


def made(auc: float, counts: tuple[int, int], *, passes: int, seed: int) -> pd.DataFrame:
    """Test rows of a binormal classifier of this AUC, without run; two scans a patient.

    Scores are quantiles, so that the AUC of the rows is that of the closed form but for rounding.
    """
    scans, positive = counts
    apart = float(norm.ppf(auc) * 2**0.5)
    score = np.concatenate([_quantiles(positive) + apart, _quantiles(scans - positive)])
    label = np.repeat([1, 0], [positive, scans - positive])
    order = np.random.default_rng(seed).permutation(scans)
    share = norm.cdf(score - apart / 2)[order]
    dice = np.random.default_rng(seed + 1)
    return pd.DataFrame(
        {
            "label": label[order],
            "probability_0": 1 - share,
            "probability_1": share,
            "mc_probability": [
                list(np.clip(value + dice.normal(0, 0.1, passes), 0, 1)) for value in share
            ],
        }
    )


def _quantiles(count: int) -> np.ndarray:
    return np.asarray(norm.ppf((np.arange(count) + 0.5) / max(1, count)))


def predicted_cell(
    site: str, aucs: list[float], counts: tuple[int, int], *, passes: int
) -> Predicted:
    """Predictions of one arm on one site: a fold an AUC, the test scans shared out to them."""
    frames = []
    for fold, auc in enumerate(aucs):
        few = tuple(max(4, count // len(aucs)) for count in counts)
        few = (few[0], few[0] if counts[0] == counts[1] else few[1])
        tested = made(auc, few, passes=passes, seed=fold)
        valid = made(auc, (20, 20 if counts[0] == counts[1] else 10), passes=0, seed=fold)
        for part, frame in (("test", tested), ("validation", valid)):
            numbers = range(len(frame))
            frames.append(
                frame.assign(
                    scan_id=[f"{site}-{part}-{fold}-{number:04d}" for number in numbers],
                    patient_id=[f"{site}-{part}-{fold}-{number // 2:04d}" for number in numbers],
                    finding="",
                    fold=fold,
                    seed=0,
                    part=part,
                    window_start=0,
                )
            )
    key = "none" if site == "site-a" else "published"
    return Predicted(pd.concat(frames), {"status": "ok", "patient_key": key})


def absent_cell(row: str) -> Predicted:
    """Predictions of a cell whose arm or site has no data."""
    metadata = {"status": "not run", "reason": f"site {row} has no data here"}
    return Predicted(pd.DataFrame(columns=predictions.COLUMNS), metadata)


def plausible(arm_sites: tuple[str, ...], site: str, salt: int) -> float:
    """An AUC as the paper found it: high at home, near chance elsewhere."""
    dice = np.random.default_rng([salt, len(arm_sites), len(site), *map(ord, site)])
    home = {"utsw": 0.826, "cc-ccii": 0.985, "covid-ctset": 0.873, "site-a": 0.94, "site-b": 0.84}
    if site in arm_sites:
        top = home.get(site, 0.9) + (0.06 if len(arm_sites) > 1 else 0)
        return float(min(0.99, top - dice.uniform(0, 0.03)))
    return float(dice.uniform(0.38, 0.57))


def write_metrics(
    folder: Path, params: Params, study: str, scale: str, *, gone: tuple[str, ...] = ()
) -> dict[str, Path]:
    """Write predictions.parquet and, scored from it, metrics.json of every cell.

    Sites in `gone` have no data. Few resamples: only the bootstrap's intervals depend on them. The
    cell of all sites combined has no predictions of its own.
    """
    table, rows = params.studies[study], params.studies[study].scales[scale].sites
    scoring = table.scoring.model_copy(update={"bootstrap": 20})
    passes = 3 if study == "nguyen2021" else 0
    folds = range(table.split.folds)
    paths = {}
    for number, (arm, part) in enumerate(table.arms.items()):
        cells = {}
        for site, row in rows.items():
            lost = [name for name in (*part.sites, site) if name in gone]
            auc = plausible(part.sites, site, number)
            apart = 0.01 if len(folds) > 1 else 0.0
            aucs = [float(np.clip(auc + apart * (fold - 1.5), 0.02, 0.995)) for fold in folds]
            cells[row] = (
                absent_cell(rows[lost[0]])
                if lost
                else predicted_cell(site, aucs, COUNTS[site], passes=passes)
            )
        ran = {row: cell for row, cell in cells.items() if cell.metadata["status"] == "ok"}
        for row, cell in (cells | {COMBINED: together([*(ran or cells).values()])}).items():
            path = folder / "cells" / arm / row / "metrics.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            if row != COMBINED:
                test = path.with_name("predictions.parquet")
                predictions.write(cell.frame, test, metadata=cell.metadata)
            metrics = assemble(
                cell,
                training={rows[name]: cells[rows[name]] for name in part.sites},
                names={"study": study, "arm": arm, "site": row},
                scoring=scoring,
            )
            if row == COMBINED:
                metrics["sites"] = [*ran]
            path.write_text(json.dumps(metrics, sort_keys=True), encoding="utf-8")
            paths[f"{arm}/{row}"] = path
    return paths


def study_results(
    folder: Path, study: str = "nguyen2021", scale: str = "demo", *, gone: tuple[str, ...] = ()
) -> Results:
    """Write the metrics of a declared study and gather them."""
    params = load(ROOT / "tests/params")
    table, rows = params.studies[study], params.studies[study].scales[scale].sites
    return gather(
        write_metrics(folder, params, study, scale, gone=gone),
        arms=table.arms,
        sites={row: params.sites[row] for row in rows.values()},
        site_rows=rows,
        named=Named(
            study,
            table.title,
            table.classes,
            table.scoring.confidence,
            table.scoring.threshold_from,
        ),
    )


def phantom_slices(seed: int, hu: bool) -> np.ndarray:
    """[z, y, x] of a disc with two dark lungs and a few bright specks."""
    dice = np.random.default_rng(seed)
    y, x = np.mgrid[-1:1:96j, -1:1:96j]
    body = (x / 0.9) ** 2 + (y / 0.7) ** 2 < 1
    lungs = ((np.abs(x) - 0.42) / 0.3) ** 2 + (y / 0.5) ** 2 < 1
    flat = np.where(lungs, -850.0, np.where(body, 40.0, -1000.0))
    volume = np.stack([flat + dice.normal(0, 40, flat.shape) for _ in range(7)])
    volume[:, 40:52, 20:30] += 500 * dice.uniform(0, 1)
    if not hu:
        return np.clip((volume + 1000) / 6, 0, 255).astype(np.uint8)
    return volume.astype(np.int16)


def write_scans(folder: Path, row: str, site: Site, *, n: int, positive_only: bool) -> None:
    """Write manifest.parquet, volumes and rejected.csv of a site; n = 0: the site is empty."""
    hu = site.layout in ("dicom_series", "mosmed")
    volumes = folder / "volumes"
    volumes.mkdir(parents=True)
    rows, profiles = [], []
    for number in range(n):
        scan = f"{number:04x}{'ab' * 6}"
        pixels = phantom_slices(number, hu)
        store.write(volumes / f"{scan}{store.SUFFIX}", pixels)
        spacing = (5.0, 0.7, 0.7) if hu else (float("nan"),) * 3
        scale, kind = ("HU", "DICOM") if hu else ("0-255", "PNG")
        volume = Volume(pixels.astype(np.int16), scale, 8, kind, spacing)  # type: ignore[arg-type]
        profiles.append({"scan_id": scan, **profile.of(volume)})
        rows.append(
            {
                "scan_id": scan,
                "patient_id": f"{number // 2:04x}{'cd' * 6}",
                "patient_key": "none" if site.layout == "sars_cov_2_ct" else "published",
                "site": row,
                "sub_site": "unknown",
                "label": 1 if positive_only else int(number % 4 > 1),
                "category": "CT-1" if positive_only else "NCP",
                "findings": "",
                "view": "none",
                "publisher_part": "",
                "sex": ("F", "M", "unknown")[number % 3] if hu else "unknown",
                "age": 30.0 + number if hu else float("nan"),
                "manufacturer": "SIEMENS" if hu else "unknown",
                "kernel": "unknown",
                "contrast": "unknown",
                "spacing_z_mm": 5.0 if hu else float("nan"),
                "spacing_y_mm": 0.7 if hu else float("nan"),
                "spacing_x_mm": 0.7 if hu else float("nan"),
                "affine": "",
                "n_files": pixels.shape[0],
                "colour_mode": "grey",
                "repairs": "",
                "flags": "burned_in" if number == 0 else "",
                "n_slices": pixels.shape[0],
                "rows": pixels.shape[1],
                "columns": pixels.shape[2],
                "value_scale": "HU" if hu else "0-255",
                "bits_stored": 12 if hu else 8,
                "value_min": int(pixels.min()),
                "value_max": int(pixels.max()),
                "source_path": "x",
                "source_format": "DICOM" if hu else "PNG",
                "synthetic": site.synthetic,
                "volume_sha256": f"{number:064x}",
            }
        )
    frame = pd.DataFrame(rows, columns=[*manifest.COLUMNS])
    manifest.write(frame, folder / "manifest.parquet")
    profile.write(profiles, folder / "profile.parquet")
    lines = ["path,verdict,reason,detail,n_files"]
    if n:
        lines += [f"{name},rejected,gap,a slice is missing,9" for name in "ab"]
        lines += ["c,rejected,no_label,none,9", "d,set aside,table,no image,1"]
    (folder / "rejected.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_gate(split: Path, gate: Path, site: Site, *, n: int) -> None:
    """Write split.csv and gate.json of a site."""
    split.parent.mkdir(parents=True, exist_ok=True)
    split.write_text("scan_id,patient_id,label,fold,part\n", encoding="utf-8")
    unkeyed = site.layout == "sars_cov_2_ct"
    counts = [
        {"fold": 0, "part": part, "label": label, "patients": size, "scans": 2 * size}
        for part, size in (("train", 73), ("validation", 8), ("test", 20))
        for label in (0, 1)
    ]
    gate.write_text(
        json.dumps(
            {
                "status": "ok" if n else "not run",
                "reason": None if n else "the manifest has no scan",
                "patient_key": "none" if unkeyed else "published",
                "split": "image-level: this site publishes no patient key"
                if unkeyed
                else "patient-level",
                "checked": ["no patient is in two parts of a fold"],
                "patients_in_two_parts": 0,
                "counts": counts if n else [],
            }
        ),
        encoding="utf-8",
    )


def write_audit(folder: Path, counts: dict[str, tuple[int, int]]) -> dict[str, Path]:
    """Write pairs.csv and audit.json; `counts`: patients of label 0 and 1 of each site."""
    folder.mkdir(parents=True)
    shortcuts = []
    questions = [("label", row) for row in counts] + [("label", "all sites"), ("site", "all sites")]
    for number, (what, where) in enumerate(questions):
        for fields in ("acquisition", "format", "intensity", "texture", "geometry", "thumbnail"):
            one = what == "label" and 0 in counts.get(where, (1, 1))
            shortcuts.append(
                {
                    "what": what,
                    "where": where,
                    "fields": fields,
                    "used": ["kernel"] if fields == "acquisition" else [],
                    "auc": None if one else 0.5 + 0.07 * number,
                    "p": None if one else 0.2 / (number + 1) ** 5,
                    "p_holm": None if one else min(1.0, 6.0 / (number + 1) ** 5),
                    "patients": 40,
                    "groups": 37,
                    "scans": 60,
                    "status": "undefined" if one else "ok",
                    "reason": "one class: 1 is the label of all" if one else None,
                }
            )
    audit = {
        "settings": {"similarity": 0.7, "folds": 5, "permutations": 99, "seed": 0},
        "contingency": {
            "sites": [
                {
                    **{"site": row, "patients_0": no, "patients_1": yes},
                    **{"groups_0": no, "groups_1": yes, "scans_0": no, "scans_1": yes},
                }
                for row, (no, yes) in counts.items()
            ],
            "one_class": [row for row, (no, yes) in counts.items() if (no > 0) != (yes > 0)],
            "cramers_v": 0.4744,
        },
        "shortcuts": shortcuts,
        "duplicates": {
            "identical_pairs": 3,
            "near_pairs": 17,
            "listed_pairs": 20,
            "listed_pairs_across_sites": 2,
            "groups": 9,
            "groups_across_sites": 1,
            "patients_in_groups": 21,
            "largest_group": 4,
        },
    }
    (folder / "audit.json").write_text(json.dumps(audit), encoding="utf-8")
    (folder / "pairs.csv").write_text("site_a,scan_a\n", encoding="utf-8")
    return {"audit": folder / "audit.json", "pairs": folder / "pairs.csv"}


def write_runs(folder: Path, arms: list[str], names: list[str], *, lost: set[str]) -> None:
    """Write run.json, history.csv and cost.json of every run."""
    layers = [
        {"name": "a", "kind": "Conv3d", "shape": [8, 32, 64, 64], "parameters": 224},
        {"name": "b", "kind": "ReLU", "shape": [8, 32, 64, 64], "parameters": 0},
        {"name": "c", "kind": "Pool", "shape": [8, 8, 16, 16], "parameters": 0},
        {"name": "d", "kind": "Conv3d", "shape": [16, 8, 16, 16], "parameters": 16016},
        {"name": "e", "kind": "Linear", "shape": [1024], "parameters": 33792},
        {"name": "f", "kind": "Linear", "shape": [2], "parameters": 2050},
    ]
    for number, arm in enumerate(arms):
        for name in names:
            place = folder / "models" / arm / name
            place.mkdir(parents=True)
            history = ["iteration,learning_rate,loss,selection_score"]
            record: dict[str, Any] = {"status": "not run", "reason": "site has no data here"}
            cost: dict[str, Any] = {"status": "not run"}
            if arm not in lost:
                dice = np.random.default_rng(number)
                rise = 0.95 - 0.45 * np.exp(-np.arange(1, 13) / 3) - dice.uniform(0, 0.05, 12)
                history += [f"{50 * (k + 1)},0.001,0.4,{v:.4f}" for k, v in enumerate(rise)]
                record = {"status": "ok", "architecture": layers}
                record["selection"] = "validation accuracy"
                record["best_iteration"] = 50 * (int(rise.argmax()) + 1)
                cost = {"wall_seconds": 321.5, "gpu_days": 0.0, "peak_memory_mb": 812.0}
                cost |= {"device": "CPU"}
            (place / "history.csv").write_text("\n".join(history) + "\n", encoding="utf-8")
            (place / "run.json").write_text(json.dumps(record), encoding="utf-8")
            (place / "cost.json").write_text(json.dumps(cost), encoding="utf-8")


def look_into(rows: list[str], *, seed: int = 0, side: int = 24) -> explained.Explained:
    """An invented `Explained`: at each site 3 true positives, 1 of the others, no false negative.

    The classes lie left and right, the sites apart in height; the heat is a disc in the middle.
    """
    dice = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    heat = np.rint(255 * np.clip(1 - 2 * (x**2 + y**2), 0, 1)).astype(np.uint8)
    shown, places, sites = [], [], {}
    for number, row in enumerate(rows):
        counts = dict(zip(OUTCOMES, (9, 5, 2, 0), strict=True))
        sites[row] = {"absent": None, "layer": "branches", "counts": counts}
        for turn, outcome in enumerate([*OUTCOMES[:1] * 3, OUTCOMES[1], OUTCOMES[2]]):
            said = outcome.endswith("positive")
            shown.append(
                {
                    "site": row,
                    "scan_id": f"{number}{turn}{'ef' * 7}",
                    "label": int(said == outcome.startswith("true")),
                    "outcome": outcome,
                    "probability_1": (0.91 if said else 0.13) + turn / 1000,
                    "slice": 0,
                    "rows": side,
                    "columns": side,
                    "image": dice.integers(0, 200, (side, side)).astype(np.uint8).tobytes(),
                    "heat": (heat if turn else np.zeros_like(heat)).tobytes(),
                    "against": turn in (0, 2),
                }
            )
        for scan in range(30):
            label = scan % 2
            spot = [float(4 * label + dice.normal()), float(9 * number + dice.normal())]
            named = {"site": row, "scan_id": f"{number:02d}{scan:02d}{'ef' * 6}", "label": label}
            places.append(named | {"x": spot[0], "y": spot[1], "components": spot})
    ok = {"n_scans": 60, "n_patients": 50, "status": "ok", "reason": None}
    record = {
        "status": "ok",
        "reason": None,
        "run": "0-0",
        "sites": sites,
        "features": 8192,
        "components": 32,
        "variance": 0.934,
        "plane": "t-SNE",
        "linear_probe": {
            "site": ok | {"auc": 0.987, "p": 0.0001},
            "class": ok | {"auc": 0.713, "p": 0.0312},
        },
    }
    tables = (shown, explained.GALLERY), (places, explained.EMBEDDINGS)
    frames = [pd.DataFrame(rows, columns=schema.names) for rows, schema in tables]
    return explained.Explained(record, *frames)


def not_looked_into(reason: str) -> explained.Explained:
    """What there is of an arm that was not run."""
    record = {"status": "not run", "reason": reason, "run": "0-0", "sites": {}}
    schemas = (explained.GALLERY, explained.EMBEDDINGS)
    return explained.Explained(record, *(pd.DataFrame(columns=one.names) for one in schemas))


def write_explained(
    home: Path, arms: list[str], rows: list[str], *, lost: set[str]
) -> dict[str, dict[str, Path]]:
    """Write what `explain` makes of these arms; return the three tables of paths."""
    tables: dict[str, dict[str, Path]] = {"explained": {}, "gallery": {}, "embeddings": {}}
    for number, arm in enumerate(arms):
        found = (
            not_looked_into("site has no data here")
            if arm in lost
            else look_into(rows, seed=number)
        )
        folder = home / "explained" / arm
        files = [folder / "explained.json", folder / "gallery.parquet"]
        files.append(folder / "embeddings.parquet")
        explained.write(found.gallery, files[1], schema=explained.GALLERY)
        explained.write(found.embeddings, files[2], schema=explained.EMBEDDINGS)
        files[0].write_text(json.dumps(found.record), encoding="utf-8")
        for name, path in zip(tables, files, strict=True):
            tables[name][arm] = path
    return tables


def _only(params: Params, study: str, arms: tuple[str, ...]) -> Params:
    table = params.studies[study]
    kept = {name: arm for name, arm in table.arms.items() if not arms or name in arms}
    changed = {"arms": kept, "comparisons": (), "roc_panels": None}
    studies = params.studies | {study: table.model_copy(update=changed)}
    return params.model_copy(update={"studies": studies})


def study_job(
    root: Path,
    study: str = "nguyen2021",
    scale: str = "demo",
    *,
    arms: tuple[str, ...] = (),
    gone: tuple[str, ...] = (),
) -> tuple[Job, Settings]:
    """Write all that the figure step reads for these arms (default: all); return job, settings."""
    params = _only(load(ROOT / "tests/params"), study, arms)
    table, rows = params.studies[study], params.studies[study].scales[scale].sites
    home = root / "results" / study
    sites = {
        row: params.sites[row].model_copy(update={"available": name not in gone})
        for name, row in rows.items()
    }
    metrics = write_metrics(home, params, study, scale, gone=gone)
    for path in metrics.values():
        ran = json.loads(path.read_text())["status"] != "not run"
        cost = {"seconds_per_prediction": 0.53} if ran else {"status": "not run"}
        path.with_name("cost.json").write_text(json.dumps(cost), encoding="utf-8")
    for name, row in rows.items():
        n = 0 if name in gone else 12
        write_scans(root / "scans" / row, row, sites[row], n=n, positive_only=name == "mosmed")
        splits = home / "splits"
        write_gate(splits / f"{row}.csv", splits / f"{row}.gate.json", sites[row], n=n)
    people = {row: (0, 0) if name in gone else (2, 4) for name, row in rows.items()}
    people |= {row: (0, 6) for name, row in rows.items() if name == "mosmed"}
    audited = write_audit(home / "audit", people)
    lost = {arm for arm, part in table.arms.items() if set(part.sites) & set(gone)}
    made = runs(params.model_copy(update={"scale": scale}), study)
    trained = [name for name, arm in table.arms.items() if arm.models_of is None]
    write_runs(home, trained, made, lost=lost)
    models = {f"{a}/{r}": home / "models" / a / r for a in trained for r in made}
    cells = {k: path.parent for k, path in metrics.items() if not k.endswith(f"/{COMBINED}")}
    named = table.explain.arms if table.explain else ()
    looked = [arm for arm in named if arm in table.arms]
    scans = {row: root / "scans" / row for row in sites}
    job = Job(
        name=f"figure-{study}",
        wildcards={"study": study},
        inputs={
            "metrics": metrics,
            "predictions": {key: path / "predictions.parquet" for key, path in cells.items()},
            "predict_cost": {key: path / "cost.json" for key, path in cells.items()},
            "record": {key: path / "run.json" for key, path in models.items()},
            "history": {key: path / "history.csv" for key, path in models.items()},
            "train_cost": {key: path / "cost.json" for key, path in models.items()},
            "manifest": {row: path / "manifest.parquet" for row, path in scans.items()},
            "profile": {row: path / "profile.parquet" for row, path in scans.items()},
            **audited,
            **write_explained(home, looked, [*sites], lost=lost),
            "volumes": {row: path / "volumes" for row, path in scans.items()},
            "outlined": {},
            "rejected": {row: path / "rejected.csv" for row, path in scans.items()},
            "split": {row: home / "splits" / f"{row}.csv" for row in sites},
            "gate": {row: home / "splits" / f"{row}.gate.json" for row in sites},
        },
        outputs={
            "matrix": home / "matrix.csv",
            "figures": home / "figures",
            "report": home / "report.html",
        },
        members={"figures": shown.figures(params.model_copy(update={"scale": scale}), study)},
    )
    settings = Settings(
        title=table.title,
        citation=table.citation,
        classes=table.classes,
        published=table.published,
        arms=table.arms,
        averages_without=table.averages_without,
        sites=sites,
        site_rows=rows,
        scoring=table.scoring.model_copy(update={"bootstrap": 100}),
        findings=table.findings,
        subgroups=table.subgroups,
    )
    return job, settings


def drawn_scores(shared: np.ndarray, noise: float, seed: int) -> np.ndarray:
    """P(class 1) of scans whose difficulty `shared` is that of all arms."""
    own = np.random.default_rng(seed).normal(0, noise, len(shared))
    return 1 / (1 + np.exp(-3 * (shared + own)))


def write_predicted(job: Job, settings: Settings, *, seeds: int = 2, scans: int = 96) -> None:
    """Overwrite predictions and metrics with those of drawn scores, which agree: four folds.

    Scans are in pairs of one patient; the validation part of a fold is the test part of the next.
    The arm `contrastive` is the best, on sites never seen all are near chance.
    """
    quick = settings.scoring.model_copy(update={"bootstrap": 20})
    label = np.arange(scans) // 2 % 2
    found: dict[str, Predicted] = {}
    for number, key in enumerate(job.paths("predictions")):
        arm, row = key.split("/")
        name = next(name for name, of in settings.site_rows.items() if of == row)
        own = name in settings.arms[arm].sites
        noise = 0.1 if arm == "contrastive" else 1.0 if own else 6.0
        shared = label - 0.5 + np.random.default_rng(len(row)).normal(0, 0.6, scans)
        frames = []
        for seed in range(seeds):
            scores = drawn_scores(shared, noise, 100 * number + seed)
            for fold in range(4):
                for part, at in (("test", fold), ("validation", (fold + 1) % 4)):
                    chosen = np.flatnonzero(np.arange(scans) // 4 % 4 == at)
                    frame = pd.DataFrame({"scan_id": [f"s{one:04d}" for one in chosen]})
                    frame["patient_id"] = [f"p{one // 2:04d}" for one in chosen]
                    frame = frame.assign(
                        finding="",
                        label=label[chosen],
                        fold=fold,
                        seed=seed,
                        part=part,
                        probability_0=1 - scores[chosen],
                        probability_1=scores[chosen],
                        window_start=0,
                        mc_probability=[[] for _ in chosen],
                    )
                    frames.append(frame)
        metadata = {"status": "ok", "patient_key": "none" if name == "site-a" else "published"}
        path = job.paths("predictions")[key]
        predictions.write(pd.concat(frames), path, metadata=metadata)
        found[key] = Predicted(*predictions.read(path))
    for key, path in job.paths("metrics").items():
        arm, row = key.split("/")
        rows = [settings.site_rows[name] for name in settings.arms[arm].sites]
        every = [found[f"{arm}/{one}"] for one in settings.sites]
        metrics = assemble(
            together(every) if row == COMBINED else found[key],
            training={one: found[f"{arm}/{one}"] for one in rows},
            names={"study": job.wildcards["study"], "arm": arm, "site": row},
            scoring=quick,
        )
        path.write_text(json.dumps(metrics, allow_nan=False), encoding="utf-8")


@pytest.fixture(scope="session")
def nguyen(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return study_results(tmp_path_factory.mktemp("nguyen"))


@pytest.fixture(scope="session")
def contrastive(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return study_results(tmp_path_factory.mktemp("contrastive"), "contrastive")


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """The figure step of three arms of nguyen2021 at demo scale: every site is synthetic."""
    arms = ("utsw", "covid-ctset", "utsw_covid-ctset")
    job, settings = study_job(tmp_path_factory.mktemp("drawn"), arms=arms)
    run(job, settings)
    return job


@pytest.fixture(scope="session")
def drawn_absent(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """The same of five arms of contrastive at paper scale, no site synthetic, site B not here."""
    folder = tmp_path_factory.mktemp("absent")
    arms = ("single-a", "single-b", "joint", "contrastive", "contrastive-mean")
    job, settings = study_job(folder, "contrastive", "paper", arms=arms, gone=("site-b",))
    run(job, settings)
    return job


@pytest.fixture(scope="session")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Job, Settings]:
    """The figure step of six arms of contrastive with drawn scores, four folds and two seeds."""
    arms = ("single-a", "single-b", "joint", "sepnorm", "contrastive", "contrastive-on-test")
    job, settings = study_job(tmp_path_factory.mktemp("compared"), "contrastive", arms=arms)
    chosen = (
        Comparisons(arm="contrastive", against=("single-a", "single-b", "joint", "sepnorm")),
        Comparisons(arm="single-a", against=("joint",)),
        Comparisons(arm="sepnorm", against=("contrastive",)),  # the worse one
        Comparisons(arm="contrastive-on-test", against=("contrastive",)),
    )
    panels = {"a": ("single-a", "single-b", "joint"), "b": ("sepnorm", "contrastive")}
    settings = dataclasses.replace(settings, comparisons=chosen, roc_panels=panels)
    added = {*job.members["figures"], "roc_panels", "comparisons"}
    figures = [name for name in STANDARD if name in added]
    job = dataclasses.replace(job, members={"figures": tuple(figures)})
    write_predicted(job, settings)
    run(job, settings)
    return job, settings


@pytest.fixture(scope="session")
def study_of() -> Callable[..., tuple[Job, Settings]]:
    return study_job


@pytest.fixture(scope="session")
def predict() -> Callable[..., None]:
    return write_predicted


@pytest.fixture(scope="session")
def svg_texts() -> Callable[[Path], list[str]]:
    """All texts of an SVG, in the order of drawing."""

    def read(path: Path) -> list[str]:
        found = ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")
        return ["".join(element.itertext()).strip() for element in found]

    return read
