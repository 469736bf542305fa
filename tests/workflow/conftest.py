"""The stand-in project is a module beside the tests, which import mode importlib does not find."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
