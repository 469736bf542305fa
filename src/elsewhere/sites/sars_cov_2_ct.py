"""sars_cov_2_ct: layout of the SARS-CoV-2 CT-scan data set, single CT slices as PNG (D-01).

Files: COVID/Covid (n).png, non-COVID/Non-Covid (n).png
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from elsewhere.design.layouts.sars_cov_2_ct import SarsCov2CtOptions
from elsewhere.design.site import IntakeRow
from elsewhere.imaging.source import Source
from elsewhere.sites.layout import Layout, LayoutError, LeftOut, Scan, images

_CLASSES = {"COVID": 1, "non-COVID": 0}


class SarsCov2Ct(SarsCov2CtOptions, Layout):
    """Single slices; no patient key is published, so a split by patient is not possible."""

    citation: ClassVar[str] = (
        "Soares et al. 2020, SARS-CoV-2 CT-scan dataset, medRxiv 2020.04.24.20078584"
    )
    licence: ClassVar[str] = "CC BY-NC-SA 4.0"
    suffixes: ClassVar[tuple[str, ...]] = (".png",)

    def scans(self, root: Path, policy: IntakeRow) -> Iterator[Scan | LeftOut]:
        """Yield one scan per image, with patient None."""
        for category, label in _CLASSES.items():
            if not (root / category).is_dir():
                raise LayoutError(f"{root}: expected the folders {' and '.join(_CLASSES)}")
            for path in images(root / category, *self.suffixes):
                name = f"{category}/{path.name}"
                source = Source(kind="picture", files=(path,))
                yield Scan(name, name, None, label, category, source)
