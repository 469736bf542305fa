import hashlib

import blosc2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from elsewhere.imaging import store

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 17), st.integers(1, 17))
VOLUMES = st.sampled_from([np.int16, np.uint8]).flatmap(lambda kind: arrays(kind, SHAPES))


@settings(max_examples=30)
@given(volume=VOLUMES, data=st.data())
def test_any_slices_come_back_as_written(tmp_path_factory, volume, data):
    path = tmp_path_factory.mktemp("store") / f"scan{store.SUFFIX}"
    store.write(path, volume)
    start = data.draw(st.integers(0, len(volume) - 1))
    stop = data.draw(st.integers(start + 1, len(volume)))
    crop = store.read(path, start=start, stop=stop)
    assert store.shape(path) == volume.shape
    assert store.read(path).dtype == volume.dtype
    np.testing.assert_array_equal(store.read(path), volume)
    np.testing.assert_array_equal(crop, volume[start:stop])


def test_equal_voxels_give_equal_bytes(tmp_path, thorax):
    paths = [tmp_path / f"{name}{store.SUFFIX}" for name in "ab"]
    store.write(paths[0], thorax())
    store.write(paths[1], np.asfortranarray(thorax()))
    assert paths[0].read_bytes() == paths[1].read_bytes()


def damaged(content, kind, rng):
    """Return a file's bytes with one place flipped, zeroed, cut, doubled or overwritten."""
    at = int(rng.integers(len(content)))
    length = int(rng.integers(1, 400))
    changed = bytearray(content)
    if kind == "flip":
        changed[at] ^= 1 << int(rng.integers(8))
    elif kind == "zero":
        changed[at : at + length] = bytes(len(changed[at : at + length]))
    elif kind == "cut":
        del changed[at:]
    elif kind == "lose":
        del changed[at : at + length]
    elif kind == "double":
        changed[at:at] = changed[at : at + length]
    else:
        changed[at : at + length] = rng.bytes(len(changed[at : at + length]))
    return bytes(changed)


@pytest.mark.parametrize("kind", ["flip", "zero", "cut", "lose", "double", "overwrite"])
def test_a_damaged_file_is_told_or_still_holds_the_very_array(tmp_path, thorax, kind):
    rng = np.random.default_rng(20)
    told = 0  # cases with a clear error, or with the very voxels: what is zeroed may have been zero
    for case in range(30):
        volume = thorax(slices=6, rows=40, columns=40) + np.int16(case)
        path = tmp_path / f"scan{store.SUFFIX}"
        store.write(path, volume)
        path.write_bytes(damaged(path.read_bytes(), kind, rng))
        try:
            found, first = store.read(path), store.read(path, stop=1)
            assert store.shape(path) == volume.shape
        except store.StoreError as error:
            told += str(path) in str(error) and "delete it" in str(error)
            continue
        told += 1
        np.testing.assert_array_equal(found, volume)
        np.testing.assert_array_equal(first, volume[:1])
    assert told == 30


def test_a_large_file_is_checked_too(tmp_path):
    path = tmp_path / f"scan{store.SUFFIX}"
    volume = np.random.default_rng(1).integers(-32768, 32767, (40, 512, 512), np.int16)
    store.write(path, volume)
    assert path.stat().st_size > 1 << 24
    np.testing.assert_array_equal(store.read(path, start=3, stop=5), volume[3:5])
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(store.StoreError, match="damaged"):
        store.read(path, stop=1)


def test_a_large_file_that_stays_the_same_is_checked_once_a_process(tmp_path, monkeypatch):
    path = tmp_path / f"scan{store.SUFFIX}"
    volume = np.random.default_rng(2).integers(-32768, 32767, (6, 512, 512), np.int16)
    checks, real = [], store._check
    monkeypatch.setattr(store, "_check", lambda *args: checks.append(args) or real(*args))
    store.write(path, volume)
    for first in (0, 3, 5):
        np.testing.assert_array_equal(store.read(path, start=first), volume[first:])
    assert len(checks) == 1
    store.write(path, volume + np.int16(1))
    np.testing.assert_array_equal(store.read(path, stop=1), volume[:1] + np.int16(1))
    assert len(checks) == 2


@pytest.mark.parametrize("step", [1, 2, 5])
@pytest.mark.parametrize(("kind", "side"), [(np.int16, 299), (np.uint8, 299), (np.int16, 40)])
def test_slices_whose_chunk_is_padded_or_constant_come_back_as_written(tmp_path, kind, side, step):
    """A slice of 299 x 299 int16 is stored as two blocks of 219 rows."""
    path = tmp_path / f"scan{store.SUFFIX}"
    volume = np.random.default_rng(3).integers(0, 200, (6, side, side)).astype(kind)
    volume[2], volume[3] = 0, 7
    store.write(path, volume)
    np.testing.assert_array_equal(store.read(path, start=1, step=step), volume[1::step])


def test_threads_decode_without_the_lock():
    assert blosc2.set_releasegil(True)  # what it was before this call


def test_bytes_that_change_places_are_found(tmp_path, thorax):
    path = tmp_path / f"scan{store.SUFFIX}"
    store.write(path, thorax(slices=8, rows=64, columns=64))
    content = bytearray(path.read_bytes())
    half = len(content) // 2
    content[half : half + 64] = content[half + 32 : half + 64] + content[half : half + 32]
    path.write_bytes(content)
    with pytest.raises(store.StoreError, match="damaged"):
        store.read(path)


def test_a_file_of_an_earlier_version_is_refused_with_what_to_do(tmp_path, thorax):
    path = tmp_path / f"scan{store.SUFFIX}"
    blosc2.asarray(thorax(), urlpath=str(path), mode="w")
    with pytest.raises(store.StoreError, match=r"earlier version.*delete it"):
        store.read(path)
    with pytest.raises(store.StoreError, match="earlier version"):
        store.shape(path)


def test_another_program_reads_the_voxels(tmp_path, thorax):
    path = tmp_path / f"scan{store.SUFFIX}"
    store.write(path, thorax())
    np.testing.assert_array_equal(blosc2.open(str(path), mode="r")[:], thorax())


def test_leaves_no_other_file(tmp_path, thorax):
    store.write(tmp_path / f"scan{store.SUFFIX}", thorax())
    assert [path.name for path in tmp_path.iterdir()] == [f"scan{store.SUFFIX}"]


@pytest.mark.parametrize(
    "array",
    [np.zeros((2, 2, 2)), np.zeros((2, 2), np.int16), np.zeros((0, 2, 2), np.int16)],
    ids=["float", "2D", "empty"],
)
def test_refuses_what_is_no_volume(tmp_path, array):
    with pytest.raises(store.StoreError, match="int16 or uint8"):
        store.write(tmp_path / f"scan{store.SUFFIX}", array)
    assert not list(tmp_path.iterdir())


def test_refuses_another_suffix(tmp_path, thorax):
    with pytest.raises(store.StoreError, match="ends in"):
        store.write(tmp_path / "scan.npy", thorax())


@pytest.mark.parametrize(("start", "stop"), [(-1, 2), (3, 3), (0, 6), (5, None)])
def test_refuses_slices_that_are_not_there(tmp_path, thorax, start, stop):
    path = tmp_path / f"scan{store.SUFFIX}"
    store.write(path, thorax(slices=5))
    with pytest.raises(store.StoreError, match="it has 5"):
        store.read(path, start=start, stop=stop)


def test_says_that_a_file_is_missing_or_no_volume(tmp_path, thorax):
    with pytest.raises(FileNotFoundError, match="no such volume"):
        store.read(tmp_path / f"scan{store.SUFFIX}")
    path = tmp_path / f"cut{store.SUFFIX}"
    store.write(path, thorax())
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(store.StoreError, match="cut off"):
        store.read(path)


def test_the_hash_tells_type_shape_and_values(thorax):
    voxels = thorax()
    different = [voxels.T, voxels.astype(np.uint8), voxels + np.int16(1), voxels[:4]]
    assert len({store.sha256(each) for each in [voxels, *different]}) == 5
    assert store.sha256(np.asfortranarray(voxels)) == store.sha256(voxels)
    expected = hashlib.sha256(f"<i2 {voxels.shape} ".encode() + voxels.tobytes()).hexdigest()
    assert store.sha256(voxels) == expected
