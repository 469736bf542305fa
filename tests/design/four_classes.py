"""A study of four classes: one of images, and sites whose label.csv has words (C-02)."""

from typing import Any

CLASSES = ["healthy", "COVID-19", "other viral", "bacterial"]


def four_classes(values: Any) -> Any:
    """Turn the demo of `contrastive` into a study of four classes, and run it alone."""
    study = values["studies"]["contrastive"]
    study |= {"classes": CLASSES, "published": None, "comparisons": [], "roc_panels": None}
    site = {
        **values["sites"]["covid-ct-synthetic"],
        "layout": "images",
        "options": {"labels": {name: number for number, name in enumerate(CLASSES)}},
    }
    for name in ("a", "b"):
        values["sites"][f"four-{name}"] = site
    scale = study["scales"]["demo"]
    scale["sites"] = {"site-a": "four-a", "site-b": "four-b"}
    study["scales"] = {"demo": scale}
    values["run"] = ["contrastive"]
    return values
