"""console: shows progress of running jobs and the reason of a failed one among Snakemake's lines.

A job writes to its log file. This module listens to what Snakemake logs, with the fields that
logger plugins get, and reads those files. It is no plugin itself, because Snakemake looks for
plugins among installed packages, before it reads the Snakefile.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from pathlib import Path
from typing import Any

from elsewhere.design.params import Params
from elsewhere.drivers import killed, logs
from elsewhere.drivers.absent import raw_data
from elsewhere.drivers.state import RAW, RAW_MARKS

EVERY_S = 20.0
_OF_CLUSTER = 1_000_000  # bytes of a cluster's log: after Slurm's words come lists of all inputs
_MARK = re.compile(rf"{re.escape(str(RAW_MARKS))}/([\w-]+)\.md5")


class Console(logging.Filter):
    """Listens to Snakemake's logger; every record passes.

    Parameters
    ----------
    params
        For what to do about raw data that are missing.
    every_s
        Seconds between two looks at the logs of running jobs; 0: never.
    """

    def __init__(self, params: Params, *, every_s: float = EVERY_S) -> None:
        super().__init__()
        self.failed: dict[str, str] = {}
        self._params = params
        self._every_s = every_s
        self._running: dict[int, _Log] = {}
        self._shown: dict[int, str] = {}
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep track of jobs; add the reason to a record of a failed one."""
        event = getattr(record, "event", None)
        if event == "job_info":
            self._start(record)
        elif event == "job_finished":
            self._finish(record)
        elif event == "group_error":
            self._fail_group(record)
        elif event == "job_error":
            self._fail(record)
        elif vars(record).get("exception") == "MissingInputException":
            record.msg = self._with_raw_folders(str(record.msg))
        return True

    def _start(self, record: logging.LogRecord) -> None:
        fields = vars(record)
        if not fields["log"]:
            return
        resources = fields["resources"]
        asked = {name: resources.get(name) for name in ("mem_mb", "runtime")}
        self._running[fields["jobid"]] = _Log(Path(fields["log"][0]), asked)
        if self._thread is None and self._every_s:
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()

    def _finish(self, record: logging.LogRecord) -> None:
        log = self._running.pop(vars(record)["job_id"], None)
        if log is not None:
            self.failed.pop(log.job, None)  # an earlier attempt of it failed

    def _fail_group(self, record: logging.LogRecord) -> None:
        """Keep the cluster's log of a group: what is said of each of its jobs, next, lacks it."""
        fields = vars(record)
        ids = [info["jobid"] for info in fields["job_error_info"]]
        running = [self._running[job] for job in ids if job in self._running]
        for log in running:
            log.of_cluster = [Path(path) for path in fields["aux_logs"]]
            for name in log.asked:  # one follows the other, so the group asks for the most
                known = [one.asked[name] for one in running if isinstance(one.asked[name], int)]
                log.asked[name] = max(known, default=None)

    def _fail(self, record: logging.LogRecord) -> None:
        fields = vars(record)
        log = self._running.pop(fields["jobid"], None)
        if log is None:
            return
        said = fields["rule_msg"] or ""  # by the plugin of a cluster: a state, and no reason
        paths = [*log.of_cluster, *map(Path, fields["log"][1:])]
        of_cluster = [logs.end(path, size=_OF_CLUSTER) for path in paths]
        by_slurm = killed.reason([*of_cluster, said], fields["rule_name"], log.asked)
        by_step = logs.stated(log.text())
        told = [text for text in (by_slurm, by_step) if text]
        message = "\n".join(told) or logs.reason([log.text(), *of_cluster])
        self.failed[log.job] = message
        record.rule_msg = f"{message}\n{said}".strip()

    def _with_raw_folders(self, message: str) -> str:
        sites = dict.fromkeys(_MARK.findall(message))
        text = _MARK.sub(rf"{RAW}\1", message)
        return "\n".join([text, *(raw_data(site, self._params) for site in sites)])

    def _watch(self) -> None:
        while not self._over.wait(self._every_s):
            self.show_progress()

    def show_progress(self) -> None:
        """Print the last line of progress of each running job, if it is a new one."""
        from snakemake.logging import logger

        for job, log in [*self._running.items()]:
            line = logs.progress(log.text())
            if line is not None and line != self._shown.get(job):
                self._shown[job] = line
                logger.info(f"[elsewhere] {log.job}: {line}")

    def stop(self) -> None:
        """Stop showing progress, and repeat at the end why jobs failed."""
        from snakemake.logging import logger

        self._over.set()
        if self.failed:
            lines = [f"  {job}: {message}" for job, message in self.failed.items()]
            logger.error("\n".join([f"[elsewhere] {len(lines)} failed:", *lines]))


class _Log:
    """The log of a job; text from before the job started is ignored."""

    def __init__(self, path: Path, asked: dict[str, Any]) -> None:
        self.asked = asked
        self.of_cluster: list[Path] = []
        self.job = " ".join(path.relative_to(logs.FOLDER).with_suffix("").parts)
        self._path = path
        self._before = self._time()

    def text(self) -> str:
        """Return the end of what the job wrote."""
        return logs.end(self._path) if self._time() != self._before else ""

    def _time(self) -> int | None:
        return self._path.stat().st_mtime_ns if self._path.exists() else None


def say(text: str) -> None:
    """Print a line of ours among Snakemake's, if there is any text."""
    if text:
        sys.stderr.write(f"[elsewhere] {text}\n")


def attach(workflow: Any, params: Params) -> Console:
    """Listen to the Snakemake process that plans and runs jobs; those that run one are silent."""
    from snakemake.logging import logger

    dry = workflow.output_settings is not None and workflow.output_settings.dryrun
    console = Console(params, every_s=0 if dry else EVERY_S)
    if workflow.is_main_process:
        logger.addFilter(console)
    return console
