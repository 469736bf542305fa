"""The modules that make parts of the documentation are no package; tests import them from here."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "docs" / "extensions"))
