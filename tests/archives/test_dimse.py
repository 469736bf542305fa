"""dimse: requested instances arrive by C-GET or C-MOVE, in spite of errors on the way."""

from typing import Any

import pydicom
import pytest

from elsewhere.archives.archive import ArchiveError, Denied, Failed, Query, Series, Study
from elsewhere.archives.credentials import Credentials
from elsewhere.archives.instance_store import InvalidInstance

STUDY = Study("1.2.826.10", "ACC100", "PAT-ONE")
LUNG = Series("1.2.826.10", "1.2.826.10.1", "CT", "lung", 4)
RLE = Series("1.2.826.20", "1.2.826.20.1", "CT", "lung", 4)
GET, MOVE = "1.2.840.10008.5.1.4.1.2.2.3", "1.2.840.10008.5.1.4.1.2.2.2"


class Basket:
    """Keeps what comes, in order."""

    def __init__(self) -> None:
        self.came: list[Any] = []

    def __call__(self, dataset: Any) -> None:
        self.came.append(dataset)

    @property
    def uids(self) -> list[str]:
        return sorted(str(one.SOPInstanceUID) for one in self.came)


def fetched(archive: Any, series: Series, *, without: int = 0) -> Basket:
    basket = Basket()
    listed = sorted(archive.instances(series), key=lambda one: one.uid)
    archive.fetch(series, listed[without:], basket)
    return basket


@pytest.fixture(params=["get", "move"])
def retrieve(request: Any) -> str:
    return str(request.param)


def test_what_is_held_is_found(start_scp: Any, dimse_row: Any, opened: Any) -> None:
    archive = opened(dimse_row(start_scp()))
    assert archive.studies(Query("accession", "ACC100")) == [STUDY]
    assert archive.studies(Query("patient", "nobody \u00fc")) == []
    found = sorted(archive.series(STUDY), key=lambda one: one.uid)
    assert found[0] == LUNG
    assert [(one.modality, one.count) for one in found] == [("CT", 4), ("CT", 1), ("SR", 1)]
    assert {one.sop_class for one in archive.instances(LUNG)} == {pydicom.uid.CTImageStorage}


@pytest.mark.parametrize("series", [LUNG, RLE])
def test_a_series_comes_as_it_is(
    start_scp: Any, dimse_row: Any, opened: Any, held: Any, retrieve: str, series: Series
) -> None:
    scp = start_scp()
    came = fetched(opened(dimse_row(scp, retrieve=retrieve)), series).came
    sent = {pydicom.dcmread(path).SOPInstanceUID: pydicom.dcmread(path) for path in held.paths}
    assert len(came) == 4
    for one in came:
        assert one == sent[one.SOPInstanceUID]
        syntax = sent[one.SOPInstanceUID].file_meta.TransferSyntaxUID
        assert one.file_meta.TransferSyntaxUID == syntax
    assert [text for text in scp.requests if "FIND" not in text] == [f"{retrieve.upper()} SERIES"]


def test_only_what_lacks_is_asked_for(
    start_scp: Any, dimse_row: Any, opened: Any, retrieve: str
) -> None:
    scp = start_scp()
    basket = fetched(opened(dimse_row(scp, retrieve=retrieve)), LUNG, without=2)
    assert basket.uids == ["1.2.826.10.1.3", "1.2.826.10.1.4"]
    asked = [text for text in scp.requests if "FIND" not in text]
    assert asked == [f"{retrieve.upper()} IMAGE"] * 2


def test_an_aborted_association_is_opened_again(
    start_scp: Any, dimse_row: Any, opened: Any, retrieve: str
) -> None:
    scp = start_scp(aborts=2)
    assert len(fetched(opened(dimse_row(scp, retrieve=retrieve)), LUNG).uids) == 4


def test_what_cannot_be_sent_is_left_out(
    start_scp: Any, dimse_row: Any, opened: Any, retrieve: str
) -> None:
    scp = start_scp(lacks={"1.2.826.10.1.2"})
    basket = fetched(opened(dimse_row(scp, retrieve=retrieve)), LUNG)
    assert basket.uids == [f"1.2.826.10.1.{number}" for number in (1, 3, 4)]


def test_an_archive_that_tells_no_class_sends_ct(
    start_scp: Any, dimse_row: Any, opened: Any
) -> None:
    archive = opened(dimse_row(start_scp(says_class=False)))
    assert {one.sop_class for one in archive.instances(LUNG)} == {""}
    assert len(fetched(archive, LUNG).uids) == 4


def test_a_service_that_is_not_offered_is_named(
    start_scp: Any, dimse_row: Any, opened: Any, retrieve: str
) -> None:
    scp = start_scp(without=(GET, MOVE))
    with pytest.raises(Denied, match="does not offer"):
        fetched(opened(dimse_row(scp, retrieve=retrieve)), LUNG)


def test_an_unknown_destination_is_named(start_scp: Any, dimse_row: Any, opened: Any) -> None:
    scp = start_scp(destination="ANOTHER")
    with pytest.raises(Denied, match="as a destination"):
        fetched(opened(dimse_row(scp, retrieve="move")), LUNG)


def test_a_taken_port_is_named(start_scp: Any, dimse_row: Any, opened: Any) -> None:
    scp = start_scp()
    with pytest.raises(ArchiveError, match="another listen_port"):
        fetched(opened(dimse_row(scp, retrieve="move", listen_port=scp.port)), LUNG)


def test_a_full_disk_ends_it(start_scp: Any, dimse_row: Any, opened: Any, retrieve: str) -> None:
    archive = opened(dimse_row(start_scp(), retrieve=retrieve))

    def keep(dataset: Any) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        archive.fetch(LUNG, archive.instances(LUNG), keep)


def test_an_invalid_instance_is_tried_again_and_left_out(
    start_scp: Any, dimse_row: Any, opened: Any, retrieve: str
) -> None:
    scp = start_scp()
    archive = opened(dimse_row(scp, retrieve=retrieve))
    came = []

    def keep(dataset: Any) -> None:
        if dataset.InstanceNumber == 3:
            raise InvalidInstance
        came.append(int(dataset.InstanceNumber))

    archive.fetch(LUNG, archive.instances(LUNG), keep)
    assert sorted(came) == [1, 2, 4]
    assert [text for text in scp.requests if "IMAGE" in text and "FIND" not in text] != []


@pytest.mark.orthanc
def test_orthanc_by_tls(
    start_orthanc: Any, dimse_row: Any, opened: Any, held: Any, certificates: Any, retrieve: str
) -> None:
    server = start_orthanc(
        DicomTlsEnabled=True,
        DicomTlsCertificate=str(certificates.certificate),
        DicomTlsPrivateKey=str(certificates.key),
        DicomTlsTrustedCertificates=str(certificates.authority),
    )
    server.fill(held)
    ours = Credentials(
        client_certificate=str(certificates.certificate), client_key=str(certificates.key)
    )
    row = dimse_row(
        server, retrieve=retrieve, tls="verified", ca_bundle=str(certificates.authority)
    )
    assert len(fetched(opened(row, ours), RLE).uids) == 4


@pytest.mark.orthanc
def test_orthanc_that_limits_its_answers_is_named(
    start_orthanc: Any, dimse_row: Any, opened: Any, held: Any
) -> None:
    server = start_orthanc(LimitFindInstances=3)
    server.fill(held)
    with pytest.raises(Failed, match="raise the limit"):
        opened(dimse_row(server)).instances(LUNG)


@pytest.mark.orthanc
def test_orthanc_that_does_not_know_us_is_named(orthanc: Any, dimse_row: Any, opened: Any) -> None:
    listed = opened(dimse_row(orthanc)).instances(LUNG)
    stranger = opened(dimse_row(orthanc, retrieve="move", calling_aet="STRANGER"))
    with pytest.raises(ArchiveError, match="know our title"):
        stranger.instances(LUNG)
    with pytest.raises(ArchiveError, match="as a destination"):
        stranger.fetch(LUNG, listed, Basket())
