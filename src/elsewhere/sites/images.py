"""images: any folder of single images (PNG, JPEG, TIFF, BMP, WebP), told by their content."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from elsewhere.design.layouts.images import ImagesOptions
from elsewhere.imaging.picture import is_picture
from elsewhere.imaging.source import Source
from elsewhere.sites.labelled import Labelled
from elsewhere.sites.layout import LeftOut


class Images(ImagesOptions, Labelled):
    """One scan an image; a file is an image by its content, or by its name if it is damaged."""

    citation: ClassVar[str] = "the site's own data"
    licence: ClassVar[str] = "the owner's"
    suffixes: ClassVar[tuple[str, ...]] = (
        *(".png", ".jpg", ".jpeg", ".jpe", ".jfif"),
        *(".tif", ".tiff", ".bmp", ".webp"),
    )

    def is_scan(self, path: Path) -> bool:
        """Whether a file is an image, or is called one."""
        return path.name.lower().endswith(self.suffixes) or is_picture(path)

    def source(self, path: Path) -> Source:
        """Return how an image is read."""
        return Source(
            kind="picture", files=(path,), colour=self.colour, sixteen_bit=self.sixteen_bit
        )

    def rest(self, path: Path, root: Path) -> LeftOut:
        """Return the row of a file that is no scan; an image by its content only is unexpected."""
        row = super().rest(path, root)
        if row.reason == "unknown_file" and is_picture(path):
            detail = "an image where the layout expects none"
            return replace(row, reason="unexpected_file", detail=detail)
        return row
