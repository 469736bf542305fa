import numpy as np
import pandas as pd
import pytest
from PIL import Image


@pytest.fixture(scope="module")
def site(written):
    return written("cc_ccii")


def test_the_tables_agree_with_the_files(site):
    folder, count = site
    table = pd.read_csv(folder / "unzip_filenames.csv")
    assert list(table.columns) == ["zip_file", "patient_id", "scan_id", "label", "n_slice"]
    assert len(table) == count
    for one in table.itertuples():
        names = sorted(
            p.name for p in (folder / one.label / f"{one.patient_id}" / f"{one.scan_id}").iterdir()
        )
        assert names == [f"{at:04d}.png" for at in range(one.n_slice)]
    people = pd.read_csv(folder / "metadata.csv")
    assert people.patient_id.tolist() == sorted(table.patient_id.unique())
    assert set(people["Sex(Male/Female)"]) <= {"Male", "Female"}


def test_lesion_slices_exist_and_are_of_positives(site):
    folder, _ = site
    paths = pd.read_csv(folder / "lesions_slices.csv").imgpath
    assert len(paths) > 0
    assert all(path.startswith("NCP/") and (folder / path).is_file() for path in paths)


def test_slices_are_8_bit_grey_head_first_and_say_synthetic(site):
    folder, _ = site
    scan = next((folder / "CP").glob("*/*"))
    pictures = [Image.open(path) for path in sorted(scan.iterdir())]
    assert {picture.mode for picture in pictures} == {"L"}
    assert "synthetic" in pictures[0].text["Comment"]
    lung = [((np.asarray(one) > 5) & (np.asarray(one) < 40)).sum() for one in pictures]
    # the dome of the diaphragm leaves rims of lung at the feet, the apex small discs at the head
    assert np.mean(lung[:3]) < np.mean(lung[len(lung) // 2 - 1 : len(lung) // 2 + 2])


def test_a_window_maps_hu_to_grey(written):
    folder, _ = written("cc_ccii")
    grey = np.asarray(Image.open(next(folder.glob("CP/*/*/0012.png"))))
    hu = grey / 255 * 2000 - 1000
    assert abs(np.median(hu[(hu > -50) & (hu < 150)]) - 40) < 25
