import hashlib

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


def test_a_crop_does_not_need_the_other_slices(tmp_path, thorax):
    path = tmp_path / f"scan{store.SUFFIX}"
    volume = thorax(slices=8, rows=64, columns=64)
    store.write(path, volume)
    content = bytearray(path.read_bytes())
    half = len(content) // 2
    content[half : half + 40] = bytes(40)
    path.write_bytes(content)
    np.testing.assert_array_equal(store.read(path, stop=2), volume[:2])


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
    with pytest.raises(store.StoreError, match="not a volume"):
        store.read(path)


def test_the_hash_tells_type_shape_and_values(thorax):
    voxels = thorax()
    different = [voxels.T, voxels.astype(np.uint8), voxels + np.int16(1), voxels[:4]]
    assert len({store.sha256(each) for each in [voxels, *different]}) == 5
    assert store.sha256(np.asfortranarray(voxels)) == store.sha256(voxels)
    expected = hashlib.sha256(f"<i2 {voxels.shape} ".encode() + voxels.tobytes()).hexdigest()
    assert store.sha256(voxels) == expected
