"""pictures: write a grey image as PNG, JPEG or TIFF, marked as synthetic."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from elsewhere.phantom.mark import MARK

Mode = Literal["L", "RGB", "RGBA"]


def save(grey: NDArray[np.uint8], path: Path, *, mode: Mode) -> None:
    """Write 8-bit grey [y, x] in the format of the file name; RGB and RGBA have equal channels."""
    picture = Image.fromarray(grey).convert(mode)
    if path.suffix == ".jpg":
        picture.save(path, quality=92, comment=MARK)
        return
    text = PngInfo()
    text.add_text("Comment", MARK)
    picture.save(path, pnginfo=text, compress_level=3)


def save_tiff(values: NDArray[np.uint16], path: Path) -> None:
    """Write 16-bit unsigned values [y, x]."""
    Image.fromarray(values).save(path, description=MARK)
