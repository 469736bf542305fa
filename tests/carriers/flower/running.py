"""Server and hospitals of a federation as processes of the environment with Flower."""

import os
import socket
import subprocess
import time
from pathlib import Path

from hospitals import SITES

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".venv-federation/bin/python"
SECONDS = 240  # after which something hangs, also on a busy machine


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def started(*arguments, log):
    """Start Python with some arguments; what it writes goes to a file."""
    kept = {name: text for name, text in os.environ.items() if not name.lower().endswith("_proxy")}
    environment = {**kept, "PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1"}
    with log.open("ab") as file:
        return subprocess.Popen(
            [PYTHON, *map(str, arguments)], env=environment, stdout=file, stderr=file
        )


def until(happened, *, what):
    """Wait until something holds."""
    end = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < end, f"{what}: not within {SECONDS} s"
        time.sleep(0.05)


class Running:
    """The processes of a federation; those that run are ended with the ``with`` block."""

    def __init__(self, federation):
        self.federation = federation
        self.logs = federation.top / "logs"
        self.logs.mkdir()
        self.port = free_port()
        self.agreement = federation.agreement.model_copy(update={"port": self.port})
        for folder in (federation.server, *map(federation.home, SITES)):
            self.agreement.write(folder / "agreement.json")
        self.processes = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes.values():
            process.kill()
            process.wait()

    def start(self, name, command, folder):
        """Start `elsewhere federation COMMAND FOLDER`."""
        arguments = ["-m", "elsewhere", "federation", command, folder]
        self.processes[name] = started(*arguments, log=self.log(name))

    def kill(self, name):
        """``kill -9``."""
        self.processes[name].kill()
        self.processes[name].wait()

    def wait(self, name):
        """Return the exit code and all that a process wrote."""
        code = self.processes[name].wait(SECONDS)
        return code, self.log(name).read_text("utf-8")

    def log(self, name):
        return self.logs / f"{name}.txt"

    def listens(self):
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.port)) == 0

    def rounds(self):
        """Return the number of finished rounds."""
        path = self.federation.server / "rounds.jsonl"
        return path.read_text("utf-8").count("\n") if path.exists() else 0
