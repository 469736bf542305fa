"""embeddings: projects embeddings to their principal components and to two dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

DIMENSIONS = 32
FEW = 12  # scans, below which neighbourhoods mean nothing
PERPLEXITY = 30.0

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


def reduced(embedded: Floats) -> tuple[Floats, float | None]:
    """Return the first principal components, and their share of the variance.

    Parameters
    ----------
    embedded
        [scans, features], of all sites together.

    Returns
    -------
    tuple
        float32 [scans, at most `DIMENSIONS`], each in units of the standard deviation of the
        first; and 0 to 1, None where nothing varies.
    """
    count = min(DIMENSIONS, *embedded.shape)
    if not (embedded != embedded[:1]).any():
        return np.zeros((len(embedded), count), np.float32), None
    model = PCA(count, svd_solver="full")
    components = model.fit_transform(embedded.astype(np.float64))
    share = float(model.explained_variance_ratio_.sum())
    return (components / components[:, 0].std()).astype(np.float32), share


def plane(components: Floats, *, seed: int) -> tuple[str, Doubles]:
    """Project scans to two dimensions.

    Parameters
    ----------
    components
        From `reduced`.
    seed
        Of t-SNE.

    Returns
    -------
    tuple
        How it was done: exact t-SNE (van der Maaten and Hinton 2008) that starts from the first two
        components, or, of fewer than `FEW` scans, these components themselves; and [scans, 2].
    """
    if len(components) < FEW or not components.any():
        flat = np.zeros((len(components), 2))
        flat[:, : components.shape[1]] = components[:, :2]
        return "two principal components", flat
    perplexity = min(PERPLEXITY, (len(components) - 1) / 3)
    model = TSNE(perplexity=perplexity, init="pca", method="exact", random_state=seed)
    return "t-SNE", np.asarray(model.fit_transform(components), np.float64)


def laid_out(
    rows: pd.DataFrame, features: Sequence[Floats], *, seed: int
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the embeddings of all sites in one plane, and what the record says of them.

    Parameters
    ----------
    rows
        site, scan_id and label of each scan.
    features
        Embeddings of the scans of each site, in the order of the rows.
    seed
        Of the plane.

    Returns
    -------
    tuple
        Rows of `explained.EMBEDDINGS`, and the entries of the record of an explained arm.
    """
    components, variance = reduced(np.concatenate(features))
    how, places = plane(components, seed=seed)
    frame = rows[["site", "scan_id", "label"]].assign(
        x=places[:, 0], y=places[:, 1], components=[*components]
    )
    return frame, {
        "features": features[0].shape[1],
        "components": components.shape[1],
        "variance": variance,
        "plane": how,
    }
