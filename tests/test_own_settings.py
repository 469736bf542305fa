"""A user sees what they set. That the suite does not is watched by tests/conftest.py."""

import os
import subprocess
import sys
from pathlib import Path

from ruamel.yaml import YAML

OWN = """
scale: small
run: [own]
sites:
  here: {title: Here, layout: dicom_series, privacy: private}
  there: {like: mosmed, title: There}
  mosmed: {like: mosmed, available: false}
budgets:
  nguyen-demo: {like: nguyen-demo, training: {iterations: 5}}
studies:
  own:
    title: My study
    citation: nobody
    classes: ["no", "yes"]
    published: null
    audit: {similarity: 0.7, folds: 5, permutations: 99, seed: 0}
    split: {kind: holdout, folds: 1, test: 0.2, validation: 0.1, seed: 1}
    scoring: {threshold_from: argmax, confidence: 0.95, bootstrap: 100, seed: 0}
    scales:
      small: {input: nguyen-demo, budget: nguyen-demo, sites: {a: here, b: there}, seeds: [0]}
    arms:
      a: {sites: [a], method: erm, network: nguyen-cnn-demo}
    averages_without: []
"""


def elsewhere(top: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "elsewhere", *command],
        cwd=top,
        env={**os.environ, "PYTHONPATH": str(top / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    return printed


def test_a_user_sees_what_they_set(checkout: Path) -> None:
    """A site, a study and a scale of their own, beside the tables of config/."""
    (checkout / "params.yaml").write_text(OWN)
    elsewhere(checkout, "graph")
    shown = elsewhere(checkout, "params", "own")
    study = YAML(typ="safe").load(shown)
    assert study["sites"]["b"]["title"] == "There"
    assert study["sites"]["b"]["layout"] == "mosmed"
    assert study["sites"]["b"]["available"], "it is like mosmed as config/ has it"
    assert study["budget"]["training"]["iterations"] == 5
    assert study["jobs"]["train"] == 1
    assert "like sites.mosmed (config/sites.yaml)" in shown
