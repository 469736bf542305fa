"""Two classes stay as they were: a small run is split, trained, predicted and scored as before.

The file in `frozen/` was written before studies could have more than two classes. Whoever changes
a number on purpose writes it anew: `python tests/contracts/test_frozen_binary.py`.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from small_run import run_all

FROZEN = Path(__file__).resolve().parent / "frozen/binary.json"
# another processor rounds otherwise; on the one that wrote the file all digits are equal
DIGITS = {"rel": 1e-4, "abs": 1e-6}


def close(value: Any) -> Any:
    """Allow for the last digits of fractions."""
    if isinstance(value, dict):
        return {key: close(item) for key, item in value.items()}
    if isinstance(value, list):
        return [close(item) for item in value]
    return pytest.approx(value, **DIGITS) if isinstance(value, float) else value


def test_a_study_of_two_classes_keeps_its_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    frozen = json.loads(FROZEN.read_text(encoding="utf-8"))
    made = run_all(tmp_path)
    for name, content in frozen.items():
        assert made[name] == close(content), name


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        text = json.dumps(run_all(Path(place)), indent=1, sort_keys=True)
        FROZEN.write_text(f"{text}\n", encoding="utf-8")
