from pathlib import Path

import pytest

from elsewhere.design import params
from elsewhere.sites.layout import LayoutError
from elsewhere.sites.sars_cov_2_ct import SarsCov2Ct

POLICY = params.load(Path(__file__).parents[1] / "params").intakes["strict"]


def test_labels_come_from_the_folder_and_no_patient_is_made_up(published):
    """D-01."""
    scans = list(SarsCov2Ct().scans(published("sars_cov_2_ct"), POLICY))
    assert [scan.label for scan in scans] == [1] * 11 + [0] * 11
    assert {scan.patient for scan in scans} == {None}
    assert scans[0].path == "COVID/Covid (1).png"


def test_both_folders_are_needed(published):
    root = published("sars_cov_2_ct")
    (root / "non-COVID").rename(root / "other")
    with pytest.raises(LayoutError, match="COVID and non-COVID"):
        list(SarsCov2Ct().scans(root, POLICY))


@pytest.mark.real
def test_the_published_images(real):
    """D-01: 1,252 positive; 1,230 negative, of which one is missing in the copy."""
    scans = list(SarsCov2Ct().scans(real("sars-cov-2-ct"), POLICY))
    labels = [scan.label for scan in scans]
    assert len(labels) == 2481
    assert sum(labels) == 1252
