import unicodedata

import pytest

from elsewhere.sites.places import Places

FILES = ["a/1.nii.gz", "a/2.nii.gz", "b/1.nii.gz", "deep/er/3.nrrd", "Müller/Scan 4.mha"]


@pytest.fixture
def places():
    return Places(FILES, (".nii", ".nii.gz", ".nrrd", ".mha"))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a/1.nii.gz", "a/1.nii.gz"),
        ("./a/1.nii.gz", "a/1.nii.gz"),
        ("a\\1.nii.gz", "a/1.nii.gz"),
        ("A/1.NII.GZ", "a/1.nii.gz"),
        ("a/1", "a/1.nii.gz"),
        ("2.nii.gz", "a/2.nii.gz"),
        ("er/3", "deep/er/3.nrrd"),
        ("export/deep/er/3.nrrd", "deep/er/3.nrrd"),
        ("/data/export/b/1.nii.gz", "b/1.nii.gz"),
        ("C:\\Users\\me\\b\\1.nii.gz", "b/1.nii.gz"),
        ("\\\\server\\share\\3.nrrd", "deep/er/3.nrrd"),
        ("müller/scan 4.mha", "Müller/Scan 4.mha"),
        (unicodedata.normalize("NFD", "Müller/Scan 4.mha"), "Müller/Scan 4.mha"),
    ],
)
def test_a_path_means_the_file_that_it_fits(places, written, meant):
    assert places.find(written) == [meant]


@pytest.mark.parametrize(
    "written", ["", "/", "c/1.nii.gz", "9.nii.gz", "a/b/../3.nrrd", "x/a", "1.nii.gz.bak"]
)
def test_a_path_that_fits_no_file_means_none(places, written):
    assert places.find(written) == []


def test_a_path_that_fits_several_is_not_decided(places):
    assert places.find("1.nii.gz") == ["a/1.nii.gz", "b/1.nii.gz"]
    assert places.find("/elsewhere/1") == ["a/1.nii.gz", "b/1.nii.gz"]


def test_another_folder_of_the_same_depth_is_not_meant():
    """site-1/x.png is not the x.png of site-2."""
    assert Places(["site-2/x.png"], (".png",)).find("site-1/x.png") == []


def test_files_that_differ_in_case_alone_are_told_apart():
    places = Places(["a/X.png", "a/x.png"], (".png",))
    assert places.find("a/x.png") == ["a/x.png"]
    assert places.find("A/X.PNG") == ["a/X.png", "a/x.png"]


def test_composed_and_decomposed_names_are_one():
    decomposed = unicodedata.normalize("NFD", "é/ü.png")
    assert Places([decomposed], (".png",)).find("é/ü.png") == [decomposed]
