"""paths: where each artifact lies, relative to the project's top folder."""

from __future__ import annotations

INTERNAL = "internal"  # in place of a site: the test scans of all training sites of an arm


def scans(row: str) -> dict[str, str]:
    """Return what `ingest` makes of a site: manifest and volumes."""
    at = f"data/scans/{row}"
    return {"manifest": f"{at}/manifest.parquet", "volumes": f"{at}/volumes"}


def scan_file(row: str, file: str) -> str:
    """Return a file that `ingest` writes beside the manifest of a site."""
    return f"data/scans/{row}/{file}"


def prepared(row_input: str, row: str) -> dict[str, str]:
    """Return what `prepare` makes of a site for an input: index and arrays."""
    at = f"data/inputs/{row_input}/{row}"
    return {"index": f"{at}/index.parquet", "arrays": f"{at}/arrays"}


def audit(study: str, file: str) -> str:
    """Return what was found between the sites of a study, before any training."""
    return f"results/{study}/audit/{file}"


def groups(study: str, row: str) -> str:
    """Return the patients of a site that duplicates connect to others."""
    return audit(study, f"{row}.groups.csv")


def split(study: str, row: str) -> str:
    """Return the parts of a site's scans in a study."""
    return f"results/{study}/splits/{row}.csv"


def gate(study: str, row: str) -> str:
    """Return what the leakage gate checked."""
    return f"results/{study}/splits/{row}.gate.json"


def model(study: str, arm: str, run: str, file: str) -> str:
    """Return a file of one run of an arm."""
    return f"results/{study}/models/{arm}/{run}/{file}"


def run(study: str, arm: str, run: str) -> dict[str, str]:
    """Return what `train` makes of one run: weights, learning curve, record, cost."""
    return {
        "model": model(study, arm, run, "model.safetensors"),
        "history": model(study, arm, run, "history.csv"),
        "record": model(study, arm, run, "run.json"),
        "cost": model(study, arm, run, "cost.json"),
    }


def cell(study: str, arm: str, row: str, file: str) -> str:
    """Return a file of an arm on a site."""
    return f"results/{study}/cells/{arm}/{row}/{file}"


def explained(study: str, arm: str) -> dict[str, str]:
    """Return what `explain` makes of an arm: its record, Grad-CAM examples and embeddings."""
    at = f"results/{study}/explained/{arm}"
    return {
        "explained": f"{at}/explained.json",
        "gallery": f"{at}/gallery.parquet",
        "embeddings": f"{at}/embeddings.parquet",
    }
