"""captions: returns the caption of a picture, filled in for one study."""

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
    """Return the caption of a picture; pictures of several networks or arms share one.

    Parameters
    ----------
    row
        Of the figure.
    picture
        Name of one of its pictures.
    results
        Of the study: they give the rule for calls and the number of seeds.

    Raises
    ------
    KeyError
        If the row has no caption for a picture of this name.
    """
    keys = [key for key in row.captions if picture == key or picture.startswith(f"{key}_")]
    if not keys:
        raise KeyError(f"{row.__name__} has no caption for the picture '{picture}'")
    template = row.captions[max(keys, key=len)]
    argmax = results.named.threshold_from == "argmax"
    text = template.text.format(
        calls=results.calls,
        chosen="of the argmax, 0.5" if argmax else "that was chosen on validation data",
        spread=OF_SEEDS if results.seeds > 1 else OF_ONE_SEED,
    )
    return template._replace(text=text)
