"""sars_cov_2_ct: write a synthetic site like SARS-CoV-2 CT: PNG slices, no patient key (D-01).

As in the original, every negative is RGBA and some positives are RGB: a shortcut that grey values
alone do not show.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from elsewhere.design.phantoms.sars_cov_2_ct import SarsCov2Ct
from elsewhere.phantom import physics, pictures, scanner
from elsewhere.phantom.cohort import Patient


def write(folder: Path, row: SarsCov2Ct, patients: Iterable[Patient]) -> int:
    """Write the slices into two folders, numbered from 1; return the number of images."""
    written = {0: 0, 1: 0}
    for name in ("COVID", "non-COVID"):
        (folder / name).mkdir()
    for patient in patients:
        rng = np.random.default_rng([*patient.seed, 3])
        for number in range(int(rng.integers(*row.images_per_patient, endpoint=True))):
            exposure = scanner.image(patient, row, number=number)
            written[patient.label] += 1
            stem = "COVID/Covid" if patient.label else "non-COVID/Non-Covid"
            path = folder / f"{stem} ({written[patient.label]}).png"
            rgb = patient.label == 1 and rng.random() < 0.5
            grey = physics.to_grey(exposure.hu[0], patient.acquisition.window)
            pictures.save(grey, path, mode="RGB" if rgb else "RGBA")
    return sum(written.values())
