"""picture: read an image file (PNG, JPEG, TIFF, BMP, WebP) by its content, as 8-bit greys."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from elsewhere.imaging import intact
from elsewhere.imaging.volume import ColourMode, Unusable, Volume

Greys = npt.NDArray[np.uint8]
Colour = Literal["reject", "luma"]
SixteenBit = Literal["reject", "stretch"]

_FORMATS: Final = {
    "PNG": "PNG",
    "JPEG": "JPEG",
    "TIFF": "TIFF",
    "BMP": "BMP",
    "WEBP": "WebP",
}
_BEGINNINGS: Final = re.compile(
    rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|II[*+]\0|MM\0[*+]|BM....\0\0\0\0|RIFF....WEBP", re.DOTALL
)
_HEAD: Final = 16
# JPEG keeps colour coarsely: grey images that it kept as colour differ by a few levels
_COLOURED: Final = 24  # levels between two channels
_FEW: Final = 0.001  # of the pixels: an arrow or a marker, not a colour image
_PHOTOMETRIC: Final = 262  # TIFF 6.0, PhotometricInterpretation
_WHITE_IS_ZERO: Final = 0
# `check_sizes` judges by the limit of the intake; the warning names no file
warnings.simplefilter("ignore", Image.DecompressionBombWarning)
_BYTES_OF_DEEP: Final = 8  # greys beyond 8 bits are stretched or rescaled as float64


def is_picture(path: Path) -> bool:
    """Whether a file begins like an image of one of the formats that `read` takes."""
    with path.open("rb") as file:
        return _BEGINNINGS.match(file.read(_HEAD)) is not None


def read(path: Path, *, colour: Colour, sixteen_bit: SixteenBit) -> Volume:
    """Read an image as one slice [1, y, x] of greys from 0 to 255.

    It is turned as its EXIF orientation says; transparency is dropped.

    Parameters
    ----------
    path
        The file; its content says what it is.
    colour
        What to do with an image whose channels differ: refuse it, or weight them to luma.
    sixteen_bit
        What to do with greys beyond 8 bits: refuse them, or stretch them linearly from the image's
        own range to 0..255.

    Raises
    ------
    Unusable
        `unreadable`, `several_images`, `colour`, `sixteen_bit`, `too_large` or `value_range`.
    """
    with opened(path) as image:
        return _volume(image, name_of(image), colour=colour, sixteen_bit=sixteen_bit)


def check_sizes(files: Sequence[Path], *, most_gb: float) -> None:
    """Refuse images that would take too much memory together, before any of them is decoded.

    Parameters
    ----------
    files
        The images of one scan; only their headers are read.
    most_gb
        The most that a scan may take, 10^9 bytes.

    Raises
    ------
    Unusable
        `too_large`, and what `opened` raises.
    """
    pixels = claimed = held = 0
    for path in files:
        with opened(path) as image:
            count = image.width * image.height
            depth = _BYTES_OF_DEEP if image.mode.startswith(("I", "F")) else len(image.getbands())
        pixels, claimed, held = pixels + count, claimed + depth * count, held + path.stat().st_size
        intact.check_size(claimed, most_gb, voxels=pixels)
    intact.check_size(claimed, most_gb, voxels=pixels, compressed=held)


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """Open an image by its content, whatever its file's name is.

    Raises
    ------
    Unusable
        `several_images`, of which a reader would take the first and lose the others in silence;
        `unreadable` or `too_large`.
    """
    try:
        with Image.open(path, formats=sorted(_FORMATS)) as image:
            frames = getattr(image, "n_frames", 1)
            if frames > 1:
                raise Unusable("several_images", f"{frames} pages or frames in one file")
            yield image
    except UnidentifiedImageError:
        detail = "neither PNG nor JPEG, TIFF, BMP or WebP by its content"
        raise Unusable("unreadable", detail) from None
    except Image.DecompressionBombError:
        raise Unusable("too_large", "more pixels than any medical image has") from None


def name_of(image: Image.Image) -> str:
    """Return the format of an open image in the words of the manifest."""
    return _FORMATS.get(str(image.format), "JPEG")  # MPO: JPEG with a second image


def turned(image: Image.Image) -> Image.Image:
    """Return an image turned as its EXIF or TIFF orientation says."""
    return ImageOps.exif_transpose(image)


def _volume(image: Image.Image, name: str, *, colour: Colour, sixteen_bit: SixteenBit) -> Volume:
    mode: ColourMode = "grey"
    repairs: tuple[str, ...] = ()
    bits = 8
    if image.mode.startswith("I") or image.mode == "F":
        if sixteen_bit == "reject":
            raise Unusable("sixteen_bit", f"greys of mode {image.mode}, more than 8 bits")
        bits = 16 if image.mode.startswith("I;16") else 32
        # Pillow turns over 8-bit greys where 0 is white, and leaves deeper ones as they are
        white_is_zero = getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == _WHITE_IS_ZERO
        greys = _stretched(turned(image), white_is_zero=white_is_zero)
        repairs = ("stretched",)
    elif image.mode in ("1", "L", "LA", "La"):
        greys = np.asarray(turned(image).convert("L"))
    else:
        mode = "palette" if image.mode == "P" else "rgb"
        greys = _luma(turned(image), colour)
    return Volume(
        voxels=greys[None].astype(np.int16),
        value_scale="0-255",
        bits_stored=bits,
        source_format=name,
        colour_mode=mode,
        repairs=repairs,
    )


def _luma(image: Image.Image, colour: Colour) -> Greys:
    channels = image.convert("RGB")
    values = np.asarray(channels)
    spread = values.max(axis=2).astype(np.int16) - values.min(axis=2)
    share = float((spread > _COLOURED).mean())
    if colour == "reject" and share > _FEW:
        raise Unusable("colour", f"{share:.1%} of the pixels are coloured")
    return np.asarray(channels.convert("L"))


def _stretched(image: Image.Image, *, white_is_zero: bool) -> Greys:
    """Map the greys of an image from their own range to 0..255."""
    values = np.asarray(image).astype(np.float64)
    if not np.isfinite(values).all():
        raise Unusable("value_range", "some greys are not finite")
    least, most = float(values.min()), float(values.max())
    if not np.isfinite(most - least):
        raise Unusable("value_range", f"greys from {least:g} to {most:g}")
    share = (values - least) / max(most - least, np.finfo(np.float64).tiny)
    return np.rint((1 - share if white_is_zero else share) * 255).astype(np.uint8)
