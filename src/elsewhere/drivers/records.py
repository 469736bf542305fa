"""records: Snakemake's notes on finished jobs, read and written (private parts of 9.27.1)."""

from __future__ import annotations

import os
from collections.abc import Mapping

from snakemake.persistence import RECORD_FORMAT_VERSION, MetadataRecord
from snakemake.persistence.file import FilePersistence

from elsewhere.design.stage import Stage
from elsewhere.drivers.state import State, Workspace, mark, rule_inputs, rule_outputs

FROM_LOCK = "# recorded in dvc.lock"
CHANGED = "'changed by hand since it was made'"  # in place of a digest; Snakemake prints it
_SAME_TIME_S = 1e-5


class Records:
    """Snakemake's metadata of the outputs of stages."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._store = FilePersistence(nolock=True)

    def finished(self, stage: Stage, now: State) -> bool:
        """Say whether Snakemake made the outputs from the inputs, settings and code of now."""
        outputs = rule_outputs(stage)
        if any(value is None for value in now.outs.values()):
            return False
        if self._store._filter_incomplete_keys(outputs):
            return False
        return all(self._made_now(stage, now, path) for path in outputs)

    def made_from(self, stage: Stage, path: str) -> bool:
        """Say whether a stage's outputs are there and were made from a file as it is now."""
        records = [self._store._read_record(output) for output in rule_outputs(stage)]
        return all(
            record is not None and os.path.exists(path) and self._input_unchanged(record, path)
            for record in records
        )

    def _made_now(self, stage: Stage, now: State, path: str) -> bool:
        record = self._store._read_record(path)
        if record is None or record.shellcmd == FROM_LOCK or record.endtime is None:
            return False
        if abs(os.lstat(path).st_mtime - record.endtime) > _SAME_TIME_S:
            return False
        if record.params != [repr(now.digest(stage))] or record.input != rule_inputs(stage):
            return False
        return all(self._input_unchanged(record, item) for item in record.input)

    def _input_unchanged(self, record: MetadataRecord, path: str) -> bool:
        checksum = (record.input_checksums or {}).get(path)
        if checksum:
            algorithm, value = checksum.split(":")
            return bool(self._workspace.hashes.file(path, algorithm=algorithm) == value)
        start: float | None = record.starttime
        return start is not None and os.path.exists(path) and os.lstat(path).st_mtime <= start

    def write(self, stage: Stage, lock: State, now: State) -> bool:
        """Write the records of a stage's outputs as dvc.lock has it; say whether any changed."""
        sums = self._sums(stage, lock, now)
        changed = False
        for path in rule_outputs(stage):
            time = os.lstat(path).st_mtime
            record = self._store._read_record(path)
            if record is not None and self._says(record, lock.digest(stage), sums, time):
                continue
            self._write(path, self._record(stage, lock.digest(stage), sums, time))
            changed = True
        return changed

    def made(self, stage: Stage, now: State) -> None:
        """Record that a stage was made just now, as Snakemake does at the end of a job."""
        sums = self._sums(stage, now, now)
        for path in rule_outputs(stage):
            record = self._record(stage, now.digest(stage), sums, os.lstat(path).st_mtime)
            record.shellcmd = stage.command
            self._write(path, record)

    def _sums(self, stage: Stage, lock: State, now: State) -> dict[str, str]:
        """Input path to the checksum that the outputs were made from."""
        marks = {mark(path): path for path in stage.files if path.startswith("data/raw/")}
        sums = {}
        for path in rule_inputs(stage):
            if path not in marks:
                sums[path] = f"md5:{lock.deps.get(path)}"
            elif now.deps[marks[path]] == lock.deps.get(marks[path]):
                sums[path] = f"md5:{self._workspace.hashes.file(path)}"
            else:
                sums[path] = "md5:changed"
        return sums

    def _says(
        self, record: MetadataRecord, digest: str, sums: Mapping[str, str], time: float
    ) -> bool:
        if record.params != [repr(digest)] or record.input != sorted(sums):
            return False
        if record.endtime is None or abs(record.endtime - time) > _SAME_TIME_S:
            return False
        if record.shellcmd == FROM_LOCK:
            return dict(record.input_checksums or {}) == dict(sums)
        return all(self._input_unchanged(record, path) for path in sums)

    def _record(
        self, stage: Stage, digest: str, sums: Mapping[str, str], time: float
    ) -> MetadataRecord:
        return MetadataRecord(
            rule=stage.step,
            input=sorted(sums),
            log=[],
            shellcmd=FROM_LOCK,
            params=[repr(digest)],
            code=None,
            record_format_version=RECORD_FORMAT_VERSION,
            starttime=time,
            endtime=time,
            incomplete=False,
            input_checksums=dict(sums),
            job_hash=0,
        )

    def _write(self, path: str, record: MetadataRecord) -> None:
        self._store._clear_cache()
        self._store._write_record(path, record)
        self._store._unmark_incomplete(path)

    def forget(self, stage: Stage) -> None:
        """Make Snakemake plan this stage again: its outputs are not those that either tool made."""
        self._store._clear_cache()
        for path in rule_outputs(stage):
            if not os.path.lexists(path):
                continue
            record = self._store._read_record(path)
            if record is None:
                record = self._record(stage, "", {}, os.lstat(path).st_mtime)
            if record.params != [CHANGED]:
                record.params = [CHANGED]
                self._store._write_record(path, record)
