"""clustered_scans: few scans of few patients, with equal scores, for tests of any such set."""

from __future__ import annotations

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

clustered = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.8]), st.integers(0, 6)),
    min_size=4,
    max_size=24,
)


def arrays(rows):
    """Return labels, scores and patients of scans of both classes."""
    labels, scores, patients = (np.array(column) for column in zip(*rows, strict=True))
    assume(0 < labels.sum() < len(labels))
    return labels, scores, patients
