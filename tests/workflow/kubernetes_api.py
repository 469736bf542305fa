"""kubernetes_api: as much of Kubernetes' API as the executor asks for; a pod is a process here.

It shows what is sent and that it does its work in an empty folder of its own, with the project at
the same path. It shows nothing about images, volumes, nodes or permissions of a real cluster.
"""

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

PYTHON = Path(__file__).parents[2] / ".venv-kubernetes/bin/python"


def require() -> None:
    """Skip, or fail where it is demanded, if there is no environment with the plugin."""
    why = None if PYTHON.exists() else "no environment with the plugin: make kubernetes-env"
    if why and os.environ.get("ELSEWHERE_KUBERNETES") == "required":
        pytest.fail(why)
    if why:
        pytest.skip(why)


class Api(ThreadingHTTPServer):
    """Keeps the jobs that were sent, and runs their pods in folders of their own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder, self.environment = folder, environment
        self.jobs: dict[str, Any] = {}
        self.pods: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, job: dict[str, Any]) -> None:
        """Run what the one container of a job runs."""
        name = job["metadata"]["name"]
        [container] = job["spec"]["template"]["spec"]["containers"]
        (self.folder / name).mkdir()
        with (self.folder / f"{name}.log").open("wb") as log:
            self.pods[name] = subprocess.Popen(
                [*container["command"], *container["args"]],
                cwd=self.folder / name,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.jobs[name] = job

    def status(self, name: str) -> dict[str, int]:
        """Return the counts of a job's pods that ended."""
        code = self.pods[name].poll()
        return {} if code is None else {"failed" if code else "succeeded": 1}

    def logs(self) -> str:
        """Return what all pods printed."""
        return "\n".join(path.read_text() for path in self.folder.glob("*.log"))


class _Handler(BaseHTTPRequestHandler):
    server: Api

    def do_POST(self) -> None:
        sent = self._body()
        if self.path.endswith("/jobs"):
            self.server.start(sent)
        self._reply(sent, 201)

    def do_GET(self) -> None:
        job = re.search(r"/jobs/([^/]+)/status", self.path)
        if job:
            self._reply({**self.server.jobs[job[1]], "status": self.server.status(job[1])})
        else:
            self._reply({"items": []})

    def do_DELETE(self) -> None:
        self._body()
        self._reply({"status": "Success"})

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")

    def _reply(self, content: object, code: int = 200) -> None:
        data = json.dumps(content).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def serving(folder: Path, environment: dict[str, str]) -> Iterator[Api]:
    """Serve the API on a free port; `kubeconfig` in the folder names it."""
    folder.mkdir()
    with Api(folder, environment) as api:
        threading.Thread(target=api.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{api.server_port}"
        config = {
            "current-context": "here",
            "clusters": [{"name": "here", "cluster": {"server": url}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "here"}}],
            "users": [{"name": "here", "user": {}}],
        }
        (folder / "kubeconfig").write_text(json.dumps(config))
        try:
            yield api
        finally:
            for pod in api.pods.values():
                pod.kill()
                pod.wait()
            api.shutdown()
