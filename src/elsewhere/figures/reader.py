"""reader: makes what a blinded reader gets: numbered images and instructions (B-43)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import jinja2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from elsewhere.files import whole
from elsewhere.imaging import store

TEMPLATE = "reader.txt.j2"
HEART = "cardiomegaly"  # the finding that the cardiothoracic ratio measures
MARK = "SYNTHETIC"
YELLOW, BLACK = (255, 176, 0), (0, 0, 0)
SHARE, LEAST_PX = 0.05, 10  # letters, of the width of an image

Pixels = npt.NDArray[np.uint8]


class PictureError(ValueError):
    """A stored scan is not a single 8-bit image; the message says what it is."""


def picture(path: Path) -> Pixels:
    """Return the 8-bit grey values [y, x] of a stored radiograph, as it was ingested.

    Raises
    ------
    PictureError
        If it has several slices or other values.
    """
    voxels: npt.NDArray[np.generic] = store.read(path)
    if voxels.dtype != np.uint8 or len(voxels) != 1:
        raise PictureError(
            f"{path}: got {len(voxels)} slices of {voxels.dtype}; only radiographs of 8 bits can "
            "be given to a reader as they are"
        )
    pixels: Pixels = voxels[0].astype(np.uint8)
    return pixels


def save(pixels: Pixels, path: Path, *, synthetic: bool) -> None:
    """Write grey values as PNG without any metadata; a synthetic image says so in a band above."""
    image = Image.fromarray(pixels)
    if synthetic:
        image = _marked(image)
    with whole(path) as part:
        image.save(part, format="PNG")


def _marked(image: Image.Image) -> Image.Image:
    font = ImageFont.load_default(max(LEAST_PX, round(SHARE * image.width)))
    left, top, right, bottom = ImageDraw.Draw(image).textbbox((0, 0), MARK, font)
    height = round(1.4 * (bottom - top))
    marked = Image.new("RGB", (image.width, image.height + height), YELLOW)
    at = ((image.width - (right - left)) / 2 - left, (height - (bottom - top)) / 2 - top)
    ImageDraw.Draw(marked).text(at, MARK, BLACK, font)
    marked.paste(image, (0, height))
    return marked


def instructions(
    about: Mapping[str, object], *, finding: str, images: list[str], synthetic: bool
) -> str:
    """Return the README of a review.

    Parameters
    ----------
    about
        What its template takes beside the others: ``title``, ``views``, ``alone``,
        ``normal_below``, ``impressions``.
    finding
        Name of the finding that is judged.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    return environment.get_template(TEMPLATE).render(
        **about, heart=finding == HEART, images=images, synthetic=synthetic
    )
