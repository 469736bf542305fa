"""figure: what every figure of a study implements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from elsewhere.figures.given import Given


class Figure(ABC):
    """One figure; its row, in `elsewhere.design.figures`, says what it reads and for which studies.

    A figure may have several pictures, such as one per network.
    """

    @abstractmethod
    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw into a folder and return the names of the pictures, without their suffixes.

        Parameters
        ----------
        given
            The results of the study; only what the row declares in ``reads`` may be asked for.
        folder
            Gets a PNG and an SVG a picture, and the numbers as CSV.
        """
