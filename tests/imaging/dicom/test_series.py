from dataclasses import replace

import numpy as np
import pydicom
import pytest

from elsewhere.imaging.dicom import series
from elsewhere.imaging.volume import Unusable


def headers(folder):
    return [one for one in series.found(folder) if isinstance(one, series.Header)]


def moved(header, z_mm):
    return replace(header, position_mm=(*header.position_mm[:2], z_mm))


@pytest.fixture
def written(tmp_path, write_dicom, thorax):
    write_dicom(tmp_path, thorax(slices=6))
    return headers(tmp_path)


def test_files_are_found_by_content(tmp_path, write_dicom, thorax):
    write_dicom(tmp_path / "a" / "b", thorax(slices=3))
    bare = (tmp_path / "a" / "b" / "file000").read_bytes()[132:]
    (tmp_path / "bare").write_bytes(bare)
    for name, content in {"label.csv": b"study,label", "x.dcm": b"no DICOM", "empty": b""}.items():
        (tmp_path / name).write_bytes(content)
    assert len(headers(tmp_path)) == 4


def test_a_damaged_file_is_named_and_stops_nothing(tmp_path, write_dicom, thorax):
    path = write_dicom(tmp_path, thorax(slices=3))[0]
    path.write_bytes(path.read_bytes()[:132] + b"\x08\x00\x18\x00UI\xff\x7f garbage")
    found = list(series.found(tmp_path))
    assert [one[0] for one in found if isinstance(one, tuple)] == [path]
    assert len(found) == 3


def test_values_that_break_the_rules_are_not_quoted(
    tmp_path, write_dicom, thorax, series_of, recwarn, caplog
):
    """A header's values are personal data; warnings about them would end in a log."""
    long_name = "SECRET-" * 20
    tags = {"AccessionNumber": long_name, "PatientSex": long_name, "PatientAge": long_name}
    with pydicom.config.disable_value_validation():
        write_dicom(tmp_path, thorax(), series_of(tags=tags, patient=long_name))
    found = headers(tmp_path)
    assert {one.patient for one in found} == {long_name}
    assert not [one for one in recwarn if "SECRET" in str(one.message)]
    assert "SECRET" not in caplog.text


def test_series_of_one_folder_are_kept_apart(tmp_path, write_dicom, thorax, series_of):
    for number, uid in enumerate(["1.2.3", "1.2.4"]):
        write_dicom(tmp_path / str(number), thorax(slices=2 + number), series_of(uid=uid))
    sizes = {uid: len(group) for uid, group in series.grouped(headers(tmp_path)).items()}
    assert sizes == {"1.2.3": 2, "1.2.4": 3}


def test_order_comes_from_the_position_alone(written):
    rng = np.random.default_rng(0)
    for _ in range(5):
        shuffled = [written[index] for index in rng.permutation(len(written))]
        heights = [one.position_mm[2] for one in series.ordered(shuffled).headers]
        assert heights == sorted(heights)


def test_spacing_is_measured_along_the_normal(tmp_path, write_dicom, thorax, series_of):
    tilt = np.radians(20)
    tilted = (1.0, 0.0, 0.0, 0.0, float(np.cos(tilt)), float(np.sin(tilt)))
    write_dicom(tmp_path, thorax(), series_of(orientation=tilted, spacing_mm=(3.0, 0.7, 0.8)))
    found = series.ordered(headers(tmp_path))
    np.testing.assert_allclose(found.spacing_mm, (3.0, 0.7, 0.8), atol=1e-3)


def test_a_missing_slice_is_a_gap(written):
    by_height = list(series.ordered(written).headers)
    with pytest.raises(Unusable, match=r"gap: 1 steps up to 5\.00 mm"):
        series.ordered(by_height[:2] + by_height[3:])


def test_two_slices_in_one_place(written):
    doubled = replace(written[0], instance="another")
    with pytest.raises(Unusable, match="duplicate_position"):
        series.ordered([*written, doubled])


def test_a_copy_of_a_file_counts_once(written, tmp_path):
    copy = replace(written[0], path=tmp_path / "copy")
    assert len(series.ordered([*written, copy]).headers) == len(written)


def test_positions_rounded_to_a_tenth_are_even_enough():
    steps = np.diff(np.round(np.arange(200) * 0.625, 1))
    assert series._distance(steps) == pytest.approx(0.6, abs=0.11)


def test_uneven_positions(written):
    by_height = list(series.ordered(written).headers)
    by_height[2] = moved(by_height[2], by_height[2].position_mm[2] + 0.4)
    with pytest.raises(Unusable, match="uneven_spacing"):
        series.ordered(by_height)


CHANGES = {
    "mixed_geometry": {"pixel_spacing_mm": (0.5, 0.5)},
    "no_geometry": {"position_mm": None},
    "not_ct": {"modality": "SR"},
}


@pytest.mark.parametrize(("reason", "change"), CHANGES.items())
def test_one_odd_file_spoils_a_series(written, reason, change):
    with pytest.raises(Unusable, match=reason):
        series.ordered([*written[:-1], replace(written[-1], **change)])


def test_localizers_are_left_out(written):
    scout = replace(
        written[0],
        instance="scout",
        image_type=("ORIGINAL", "PRIMARY", "LOCALIZER"),
        orientation=(0.0, 1.0, 0.0, 0.0, 0.0, -1.0),
    )
    assert len(series.ordered([*written, scout]).headers) == len(written)
    with pytest.raises(Unusable, match="localizer"):
        series.ordered([scout])


def test_other_planes_and_single_slices_are_no_volume(written):
    coronal = [replace(one, orientation=(1.0, 0.0, 0.0, 0.0, 0.0, -1.0)) for one in written]
    with pytest.raises(Unusable, match="not_axial"):
        series.ordered(coronal)
    with pytest.raises(Unusable, match="single_slice"):
        series.ordered(written[:1])
