"""What `--profile profiles/kubernetes` sends: valid objects, whose pods make a cell of the graph.

No Kubernetes runs here: `kubernetes_api` takes what the plugin sends.
"""

import json
import re
import subprocess
from pathlib import Path

import kubernetes_api
import pytest
from project import STAND_IN, Project

VERSION = "1.33"  # of Kubernetes, whose schemas are strict: an unknown field is an error
CELL = "results/contrastive/cells/joint/covid-ct-synthetic/metrics.json"

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("slurm")]


def run(project: Project, folder: Path, volume: Path) -> str:
    return project.sh(
        f"KUBECONFIG={folder}/kubeconfig {kubernetes_api.PYTHON} -m snakemake "
        "--profile profiles/kubernetes "
        f"--kubernetes-volume-persistent-volumes claim:{volume} --container-image here/elsewhere:1 "
        f"--latency-wait 5 --seconds-between-status-checks 1 {CELL}",
        check=False,
    )


def check_schema(job: dict[str, object], folder: Path) -> None:
    path = folder / "job.yaml"
    path.write_text(json.dumps({"apiVersion": "batch/v1", "kind": "Job", **job}))
    command = [kubernetes_api.PYTHON, "-m", "kubernetes_validate", "--strict", "-k", VERSION, path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_cell_is_made_in_a_pod_on_the_projects_volume(small: Project, tmp_path: Path) -> None:
    kubernetes_api.require()
    (small.path / "src/elsewhere/steps/score.py").write_text(f"{STAND_IN}# another one\n")
    folder = tmp_path / "api"
    with kubernetes_api.serving(folder, small.environment(small.path)) as api:
        printed = run(small, folder, tmp_path)
    assert small.executed() == ["score--contrastive--joint--covid-ct-synthetic"], (
        f"{printed}\n{api.logs()}"
    )
    assert CELL.replace("/", "--").removesuffix("--metrics.json") not in small.planned()
    assert re.search(
        rf"^    outs:\n    - path: {CELL}", (small.path / "dvc.lock").read_text(), re.M
    )

    [job] = api.jobs.values()
    check_schema(job, tmp_path)
    pod = job["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert container["image"] == "here/elsewhere:1"
    assert {"name": "claim", "mountPath": str(tmp_path)} in container["volumeMounts"]
    assert {"name": "claim", "persistentVolumeClaim": {"claimName": "claim"}} in pod["volumes"]
    requests, limits = (container["resources"][name] for name in ("requests", "limits"))
    assert requests["memory"] == limits["memory"] == "2000M"
    assert "nvidia.com/gpu" not in limits or limits["nvidia.com/gpu"] == requests["nvidia.com/gpu"]


def test_a_project_on_no_volume_is_told(small: Project, tmp_path: Path) -> None:
    """The pods would find an empty folder."""
    kubernetes_api.require()
    (small.path / "src/elsewhere/steps/score.py").write_text(f"{STAND_IN}# another one\n")
    folder = tmp_path / "api"
    with kubernetes_api.serving(folder, small.environment(small.path)) as api:
        printed = run(small, folder, tmp_path / "elsewhere")
    assert f"no volume holds {small.path}" in printed
    assert api.jobs == {}
