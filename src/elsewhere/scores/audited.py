"""audited: puts what the audit found in headers and voxels into words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# The level of adjusted p at which fields are called informative.
SMALL_P = 0.05
HEADERS = {"acquisition": "acquisition fields", "format": "the file format"}
VOXELS = {
    "intensity": "grey values",
    "texture": "noise and sharpness",
    "geometry": "borders and lung size",
    "thumbnail": "thumbnails",
}
NAMES = HEADERS | VOXELS


def sentences(
    shortcuts: Sequence[Mapping[str, Any]], *, titles: Mapping[str, str]
) -> Iterator[str]:
    """Yield a sentence for each label and site that can be predicted from some fields.

    Parameters
    ----------
    shortcuts
        Answers of audit.json.
    titles
        Row of a site to its title.
    """
    answers: dict[tuple[str, str], dict[str, str]] = {}
    for answer in shortcuts:
        if answer["status"] == "ok" and answer["p_holm"] <= SMALL_P:
            numbers = f"AUC {answer['auc']:.2f}, p {answer['p_holm']:.3f}"
            answers.setdefault((answer["what"], answer["where"]), {})[answer["fields"]] = numbers
    for (what, where), found in answers.items():
        subject = (
            f"The label at {titles.get(where, where)}" if what == "label" else "The site of a scan"
        )
        yield (
            f"{subject} can be predicted from {_sources(found)}; a network may learn scanner, "
            f"protocol or export instead of the disease (p: Holm {over(shortcuts)})."
        )


def worst(shortcuts: Sequence[Mapping[str, Any]], *, titles: Mapping[str, str]) -> str:
    """Return the strongest shortcut in words: what is predicted best from what is no disease.

    One to the label comes before one to the site, which is a shortcut only where sites differ in
    their labels.

    Parameters
    ----------
    shortcuts
        Answers of audit.json.
    titles
        Row of a site to its title.
    """
    known = [answer for answer in shortcuts if answer["status"] == "ok"]
    found = [answer for answer in known if answer["p_holm"] <= SMALL_P]
    if not found:
        return f"no shortcut was found among {len(known)} that were asked for"
    first = max(found, key=lambda answer: (answer["what"] == "label", answer["auc"]))
    where = titles.get(first["where"], first["where"])
    what = f"the label at {where}" if first["what"] == "label" else "the site of a scan"
    p = "<0.001" if first["p_holm"] < 0.001 else f"{first['p_holm']:.3f}"
    return (
        f"{what} from {NAMES[first['fields']]} (AUC {first['auc']:.2f}, p {p} by Holm "
        f"{over(shortcuts)}); "
        f"{len(found)} of {len(known)} shortcuts were found"
    )


def over(shortcuts: Sequence[Mapping[str, Any]]) -> str:
    """Say over how many tests p was adjusted.

    Parameters
    ----------
    shortcuts
        Answers of audit.json, with ``family``.
    """
    size = next((answer["family"] for answer in shortcuts), 0)
    return f"over {size} confirmatory tests"


def _sources(found: Mapping[str, str]) -> str:
    headers, voxels = (
        "; ".join(f"{name}: {found[group]}" for group, name in names.items() if group in found)
        for names in (HEADERS, VOXELS)
    )
    sources = [f"headers alone, without an image ({headers})"] if headers else []
    if voxels:
        sources.append(
            f"simple measures of the voxels ({voxels}), which the disease may change too"
        )
    return ", and from ".join(sources)
