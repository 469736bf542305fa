"""published_table: read a publisher's small CSV or Excel table as rows of text."""

from __future__ import annotations

import warnings
from pathlib import Path

import pandas as pd

from elsewhere.sites import table_size
from elsewhere.sites.layout import LayoutError

_MOST_MB = 64


def table(path: Path, *, required: tuple[str, ...]) -> list[dict[str, str]]:
    """Return the rows of a CSV or Excel table as text without outer blanks; N/A counts as "".

    Raises
    ------
    LayoutError
        If the file or one of the required columns is missing, or the file is absurdly large.
    """
    if not path.is_file():
        raise LayoutError(f"{path}: no such table; put the publisher's file there")
    table_size.check(path, most_mb=_MOST_MB)
    frame = _frame(path)
    frame.columns = [str(name).strip() for name in frame.columns]
    missing = [name for name in required if name not in frame]
    if missing:
        # what stands there is not shown: without a header line it is the first patient
        raise LayoutError(
            f"{path}: none of its {len(frame.columns)} columns is {' or '.join(missing)}; "
            "is the header line there, and are the columns separated by commas?"
        )
    return [
        {str(name): "" if value == "N/A" else str(value).strip() for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def _frame(path: Path) -> pd.DataFrame:
    try:
        if path.suffix == ".xlsx":
            return pd.read_excel(path, dtype=str, keep_default_na=False)
        with warnings.catch_warnings():
            # rows longer than the header would shift every column by one
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                path, dtype=str, keep_default_na=False, encoding="utf-8-sig", index_col=False
            )
    except OSError:
        raise
    except Exception as error:
        # the texts of these errors may quote the table
        raise LayoutError(
            f"{path}: cannot be read as a table ({type(error).__name__}); expected "
            f"{'an Excel workbook' if path.suffix == '.xlsx' else 'CSV in UTF-8'}"
        ) from None
