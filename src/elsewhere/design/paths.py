"""paths: the path of each file and folder that the steps make, relative to the top folder."""

from __future__ import annotations

# in place of a site: the test scans of all training sites of an arm, and of all sites
INTERNAL, COMBINED = "internal", "combined"
AVERAGE = "average"  # in matrix.csv, in place of a site: the mean over sites


def scans(row: str) -> dict[str, str]:
    """Return the manifest and the volumes that `ingest` makes of a site."""
    at = f"data/scans/{row}"
    return {"manifest": f"{at}/manifest.parquet", "volumes": f"{at}/volumes"}


def scan_file(row: str, file: str) -> str:
    """Return the path of a file that `ingest` writes beside the manifest of a site."""
    return f"data/scans/{row}/{file}"


def prepared(row_input: str, row: str) -> dict[str, str]:
    """Return the index and the arrays that `prepare` makes of a site for an input."""
    at = f"data/inputs/{row_input}/{row}"
    return {"index": f"{at}/index.parquet", "arrays": f"{at}/arrays"}


def masks(row: str) -> str:
    """Return the folder of the masks of a site, beside its raw files: it has its own hash."""
    return f"data/raw/{row}-masks"


def outlined(row_input: str, row: str) -> dict[str, str]:
    """Return the account and the folder that `outline` makes of a site's masks for an input."""
    at = f"data/outlines/{row_input}/{row}"
    return {"outlined": f"{at}/outlined.csv", "outlines": f"{at}/outlines"}


def audit(study: str, file: str) -> str:
    """Return the path of a result of the audit of a study."""
    return f"results/{study}/audit/{file}"


def groups(study: str, row: str) -> str:
    """Return the path of the groups of a site's patients that duplicates connect to others."""
    return audit(study, f"{row}.groups.csv")


def split(study: str, row: str) -> str:
    """Return the path of the split of a site in a study."""
    return f"results/{study}/splits/{row}.csv"


def gate(study: str, row: str) -> str:
    """Return the path of the record of the leakage gate."""
    return f"results/{study}/splits/{row}.gate.json"


def model(study: str, arm: str, run: str, file: str) -> str:
    """Return the path of a file of one run of an arm."""
    return f"results/{study}/models/{arm}/{run}/{file}"


def run(study: str, arm: str, run: str) -> dict[str, str]:
    """Return the weights, history, record and cost that `train` makes of one run."""
    return {
        "model": model(study, arm, run, "model.safetensors"),
        "history": model(study, arm, run, "history.csv"),
        "record": model(study, arm, run, "run.json"),
        "cost": model(study, arm, run, "cost.json"),
    }


def cell(study: str, arm: str, row: str, file: str) -> str:
    """Return the path of a file of a cell: an arm on a site."""
    return f"results/{study}/cells/{arm}/{row}/{file}"


def federation(name: str, file: str) -> str:
    """Return the path of a file that `elsewhere federation import` brought."""
    return f"data/federations/{name}/{file}"


def explained(study: str, arm: str) -> dict[str, str]:
    """Return the record, Grad-CAM examples and embeddings that `explain` makes of an arm."""
    at = f"results/{study}/explained/{arm}"
    return {
        "explained": f"{at}/explained.json",
        "gallery": f"{at}/gallery.parquet",
        "embeddings": f"{at}/embeddings.parquet",
    }


def localised(study: str, arm: str) -> dict[str, str]:
    """Return the record, rows by scan and examples that `localise` makes of an arm."""
    at = f"results/{study}/localised/{arm}"
    return {
        "localised": f"{at}/localised.json",
        "localised_scans": f"{at}/scans.csv",
        "localised_examples": f"{at}/examples.parquet",
    }
