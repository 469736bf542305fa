"""captions: fills in the captions of figures, which stand in their rows, for one study."""

from __future__ import annotations

from elsewhere.design.figure_rows import Caption, FigureRow
from elsewhere.figures.results import Results

OF_SEEDS = (
    "The standard deviation is given over seeds and over all runs: the paper does not say which it "
    "prints (D-06)."
)
OF_ONE_SEED = (
    "The standard deviation is that over folds: over seeds it is undefined with one seed, so it is "
    "not comparable with the published ± (D-06)."
)


def caption(row: type[FigureRow], picture: str, results: Results) -> Caption:
    """Return the caption of a picture; those of several networks, or of several arms, share one.

    Parameters
    ----------
    row
        Of the figure.
    picture
        Name of one of its pictures.
    results
        Of the study: how its scans are called, and how many seeds it has.

    Raises
    ------
    KeyError
        If the row has no caption for a picture of this name.
    """
    keys = [key for key in row.captions if picture == key or picture.startswith(f"{key}_")]
    if not keys:
        raise KeyError(f"{row.__name__} has no caption for the picture '{picture}'")
    found = row.captions[max(keys, key=len)]
    argmax = results.named.threshold_from == "argmax"
    text = found.text.format(
        calls=results.calls,
        chosen="of the argmax, 0.5" if argmax else "that was chosen on validation data",
        spread=OF_SEEDS if results.seeds > 1 else OF_ONE_SEED,
    )
    return found._replace(text=text)
