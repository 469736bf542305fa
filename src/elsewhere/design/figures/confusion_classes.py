"""confusion_classes: confusion matrices of more than two classes, and what each class gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow, Labels


class ClassConfusions(FigureRow):
    """Confusion matrices of more than two classes, with sensitivity and specificity of each."""

    order: ClassVar[int] = 34
    reads: ClassVar[tuple[str, ...]] = ("metrics",)
    labels: ClassVar[Labels] = "classes"
    captions: ClassVar[Mapping[str, Caption]] = {
        "confusion_classes": Caption(
            "Confusion matrices of all classes",
            "A scan is called of the class with the highest probability. Shares of each true "
            "class, accuracy, balanced accuracy and macro AUC of every model on every site. A site "
            "that lacks a class has no balanced accuracy and no macro AUC (C-25, C-32).",
            "score",
        ),
        "by_class": Caption(
            "Sensitivity and specificity of each class",
            "The same calls, each class against the rest (C-28 to C-31).",
            "score",
        ),
    }
