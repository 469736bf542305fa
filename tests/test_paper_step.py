"""The benchmark at paper scale runs where a GPU image has torch, NumPy and little else."""

import json
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).parents[1]
ABSENT = (
    *("pandas", "pyarrow", "scipy", "sklearn", "skimage", "statsmodels", "SimpleITK", "nibabel"),
    *("pydicom", "PIL", "timm", "torchvision", "typer", "psutil", "safetensors", "filelock"),
    *("snakemake", "dvc", "pandera", "seaborn", "matplotlib", "starlette", "tenseal"),
)
RUN = """
import json, sys, tempfile
from pathlib import Path

sys.modules.update(dict.fromkeys(sys.argv[1].split()))
sys.path.insert(0, "benchmarks")
import paper_step
from paper_rows import Setting, write_scans

with tempfile.TemporaryDirectory() as folder:
    setting = Setting("cpu", 8, 16, 0.0, 1, Path(folder))
    write_scans(setting)
    rows = paper_step.table("cpu")
    wanted = ("step, fused, recompute: cheap", "feed and step", "validation, 4 scans", "one scan")
    for name, row in rows.items():
        if name.startswith(wanted) and name != "feed and step, fused":
            print(json.dumps([name, row(setting)]))
"""


def test_it_runs_without_what_a_gpu_image_lacks():
    command = [sys.executable, "-c", RUN, " ".join(ABSENT)]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    found = dict(json.loads(line) for line in done.stdout.splitlines())
    assert len(found) == 4
    for outcome in found.values():
        assert outcome["ms"] > 0
        assert outcome["cpu_ms"] > 0
        assert outcome["peak_gb"] > 0
    assert "same bits twice" in found["step, fused, recompute: cheap"]["note"]
