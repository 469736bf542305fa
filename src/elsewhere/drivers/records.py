"""records: writes Snakemake's notes on finished jobs (private parts of 9.27.1)."""

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
        """Return whether a record is one that `write` would write."""
        return (
            record.shellcmd == FROM_LOCK
            and record.params == [repr(digest)]
            and record.endtime is not None
            and abs(record.endtime - time) <= _SAME_TIME_S
            and dict(record.input_checksums or {}) == dict(sums)
        )

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
