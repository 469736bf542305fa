"""instance_store: only valid instances get a name; damage by a kill or power failure is found."""

import hashlib
import io
import os
import re
from pathlib import Path
from typing import Any

import pydicom
import pytest

from elsewhere.archives.instance_store import InstanceStore, InvalidInstance, check

NATIVE, COMPRESSED = "1.2.826.10.1", "1.2.826.20.1"
STUDY = {NATIVE: "1.2.826.10", COMPRESSED: "1.2.826.20"}


@pytest.fixture
def store(tmp_path: Path) -> InstanceStore:
    return InstanceStore(tmp_path / "site", tmp_path / "state/ledger.csv")


def parsed(encoded: bytes) -> Any:
    return pydicom.dcmread(io.BytesIO(encoded))


def kept(store: InstanceStore, encoded: bytes, series: str = NATIVE) -> Path:
    return store.keep(parsed(encoded), study=STUDY[series], series=series)


@pytest.mark.parametrize("series", [NATIVE, COMPRESSED])
def test_bytes_are_kept_as_they_came(store: InstanceStore, held: Any, series: str) -> None:
    for encoded in held.bytes_of(series).values():
        assert kept(store, encoded, series).read_bytes() == encoded


def test_names_are_hashes(store: InstanceStore, held: Any, tmp_path: Path) -> None:
    for encoded in held.bytes_of(NATIVE).values():
        relative = kept(store, encoded).relative_to(tmp_path / "site").as_posix()
        assert re.fullmatch(r"[0-9a-f]{24}/[0-9a-f]{24}/[0-9a-f]{24}\.dcm", relative)
    assert len(store.held(STUDY[NATIVE], NATIVE)) == 4


@pytest.mark.parametrize("series", [NATIVE, COMPRESSED])
def test_a_truncated_instance_is_refused_wherever_it_ends(
    store: InstanceStore, held: Any, series: str
) -> None:
    encoded = next(iter(held.bytes_of(series).values()))
    # the last eight bytes of encapsulated pixels only say that they have ended
    for end in [*range(140, len(encoded), 397), len(encoded) - 9]:
        with pytest.raises((InvalidInstance, pydicom.errors.InvalidDicomError)):
            kept(store, encoded[:end], series)
    assert store.held(STUDY[series], series) == set()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda one: delattr(one, "SOPInstanceUID"), "without SOPInstanceUID"),
        (lambda one: setattr(one, "SOPInstanceUID", "1.9"), "different instances"),
        (lambda one: delattr(one, "PixelData"), "without pixel data"),
        (lambda one: setattr(one, "Rows", 65), "shorter than"),
        (lambda one: delattr(one, "BitsAllocated"), "cannot be read .AttributeError"),
        (lambda one: delattr(one.file_meta, "TransferSyntaxUID"), "without TransferSyntaxUID"),
        (lambda one: setattr(one, "SeriesInstanceUID", "1.9"), "another series"),
    ],
)
def test_what_is_not_a_whole_instance_is_refused(
    store: InstanceStore, held: Any, change: Any, says: str
) -> None:
    dataset = parsed(next(iter(held.bytes_of(NATIVE).values())))
    change(dataset)
    with pytest.raises(InvalidInstance, match=says):
        store.keep(dataset, study=STUDY[NATIVE], series=NATIVE)


def test_a_document_needs_no_pixels(held: Any) -> None:
    check(parsed(next(iter(held.bytes_of("1.2.826.10.3").values()))))


def test_the_ledger_tells_what_is_there(store: InstanceStore, held: Any, tmp_path: Path) -> None:
    path = kept(store, next(iter(held.bytes_of(NATIVE).values())))
    name, size, digest = (tmp_path / "state/ledger.csv").read_text().strip().split(",")
    assert tmp_path / "site" / name == path
    assert int(size) == path.stat().st_size
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()


def reopened(tmp_path: Path) -> InstanceStore:
    return InstanceStore(tmp_path / "site", tmp_path / "state/ledger.csv")


def test_a_file_that_a_power_failure_emptied_is_not_held(
    store: InstanceStore, held: Any, tmp_path: Path
) -> None:
    paths = [kept(store, encoded) for encoded in held.bytes_of(NATIVE).values()]
    os.truncate(paths[0], 0)
    os.truncate(paths[1], 100)
    assert len(reopened(tmp_path).held(STUDY[NATIVE], NATIVE)) == 2
    assert not paths[0].exists()


@pytest.mark.parametrize("lost", ["all", "half a line", "line end"])
def test_a_file_that_the_ledger_lacks_is_read_and_taken(
    store: InstanceStore, held: Any, tmp_path: Path, lost: str
) -> None:
    """The process was killed between the file's name and the ledger's line, or within the line."""
    encoded = list(held.bytes_of(NATIVE).values())
    path = kept(store, encoded[0])
    ledger = tmp_path / "state/ledger.csv"
    text = ledger.read_text()
    ledger.write_text({"all": "", "half a line": text[:60], "line end": text[:-1]}[lost])
    again = reopened(tmp_path)
    assert again.held(STUDY[NATIVE], NATIVE) == {path.name}
    kept(again, encoded[1])
    assert len(reopened(tmp_path).held(STUDY[NATIVE], NATIVE)) == 2
    os.truncate(path, 5000)
    assert len(reopened(tmp_path).held(STUDY[NATIVE], NATIVE)) == 1


def test_without_a_ledger_a_damaged_or_renamed_file_is_not_held(
    store: InstanceStore, held: Any, tmp_path: Path
) -> None:
    one, other, *_ = [kept(store, encoded) for encoded in held.bytes_of(NATIVE).values()]
    (tmp_path / "state/ledger.csv").unlink()
    os.truncate(one, one.stat().st_size - 10)
    other.rename(other.with_name("0" * 24 + ".dcm"))
    assert len(reopened(tmp_path).held(STUDY[NATIVE], NATIVE)) == 2


def test_half_written_files_are_removed(store: InstanceStore, held: Any, tmp_path: Path) -> None:
    path = kept(store, next(iter(held.bytes_of(NATIVE).values())))
    (path.parent / f".part-1-{path.name}").write_bytes(b"half")
    (tmp_path / "site/.part-1-label.csv").write_bytes(b"half")
    assert store.remove_partial() == 2
    assert sorted(one for one in (tmp_path / "site").rglob("*") if one.is_file()) == [path]
