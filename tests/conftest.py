"""Tiny sites in every published layout, written without the code under test."""

import gc
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import openpyxl
import pandas as pd
import pydicom
import pytest
import SimpleITK
from hypothesis import settings
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parent))  # modules beside the tests
from small_project import asked, finished  # noqa: F401

from elsewhere import memory
from elsewhere.cohorts import allowance
from elsewhere.design.site import IntakeRow
from elsewhere.sites.intake import Intake, Taken
from elsewhere.sites.keys import Keys
from elsewhere.sites.layouts import layout

# speed is for the benchmarks: a busy machine must not fail a property
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Two workers share two cores. The threads of numerical libraries would wait for one another, and a
# test would take up to ten times as long: one thread in libraries that are loaded, that will be,
# and in processes that tests start.
threadpool_limits(1)
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

# A quarter of the time in which all tests are imported would go into collections of garbage; from
# then on what was imported is left out of them (pytest_collection_finish).
gc.disable()

PROJECT = Path(__file__).parents[1]
OWN = re.compile(r"params\.yaml$|config/.*\.yaml$")
watched: list[str] = []  # the test that runs
refused: list[str] = []  # what it tried to read
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"


def thorax(slices: int = 5, rows: int = 16, columns: int = 12, seed: int = 0) -> np.ndarray:
    """HU of nothing in particular [z, y, x], every voxel telling its place and its seed."""
    rng = np.random.default_rng(seed)
    hu = rng.integers(-1000, 400, (slices, rows, columns))
    hu[:, 0, 0] = np.arange(slices) * 10 - 1000
    return hu.astype(np.int16)


@dataclass
class DicomSeries:
    """What is written to the headers of one series."""

    uid: str = "1.2.826.1"
    study: str = "1.2.826.2"
    patient: str = "PATIENT-SECRET-1"
    orientation: tuple[float, ...] = AXIAL
    spacing_mm: tuple[float, float, float] = (2.5, 0.7, 0.8)
    origin_mm: tuple[float, float, float] = (-100.0, -120.0, -300.0)
    rescale: tuple[float, float] | None = (1.0, -1024.0)
    syntax: str = pydicom.uid.ExplicitVRLittleEndian
    tags: dict[str, Any] = field(default_factory=dict)


def write_dicom(folder: Path, hu: np.ndarray, series: DicomSeries | None = None) -> list[Path]:
    """Write [slice along the normal, row, column]; file names and InstanceNumber are misleading."""
    series = series or DicomSeries()
    folder.mkdir(parents=True, exist_ok=True)
    row, column = np.array(series.orientation[:3]), np.array(series.orientation[3:])
    normal = np.cross(row, column)
    shuffled = np.random.default_rng(len(hu)).permutation(len(hu))
    paths = []
    for index, values in enumerate(hu):
        path = folder / f"file{shuffled[index]:03d}"
        data = FileDataset(path, {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
        data.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = CT_IMAGE_STORAGE
        data.SOPInstanceUID = f"{series.uid}.{index + 1}"
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
        data.StudyInstanceUID, data.SeriesInstanceUID = series.study, series.uid
        data.PatientID, data.PatientName, data.Modality = series.patient, "NAME^SECRET", "CT"
        data.PatientBirthDate, data.AccessionNumber = "19670407", "ACC-SECRET"
        data.PatientSex, data.PatientAge = "F", "053Y"
        data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        data.InstanceNumber = int(shuffled[-1 - index]) + 1
        place = np.array(series.origin_mm) + normal * series.spacing_mm[0] * index
        data.ImagePositionPatient = [f"{value:.4f}" for value in place]
        data.ImageOrientationPatient = list(series.orientation)
        data.PixelSpacing = list(series.spacing_mm[1:])
        data.Rows, data.Columns = values.shape
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.BitsAllocated, data.BitsStored, data.HighBit = 16, 12, 11
        data.PixelRepresentation = 0
        data.Manufacturer, data.ConvolutionKernel = "SIEMENS", "B70s"
        intercept = -1024.0
        if series.rescale:
            data.RescaleSlope, data.RescaleIntercept = series.rescale
            intercept = series.rescale[1]
        for name, value in series.tags.items():
            setattr(data, name, value)
        stored = np.rint((values - intercept) / (series.rescale or (1.0, 0.0))[0])
        data.PixelData = stored.astype("<u2").tobytes()
        if series.syntax != pydicom.uid.ExplicitVRLittleEndian:
            data.compress(series.syntax, generate_instance_uid=False)
        data.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def dicom_series(root: Path) -> None:
    rows = []
    for number in range(4):
        series = DicomSeries(
            uid=f"1.2.826.{number}.1", study=f"1.2.826.{number}", patient=f"P{number // 2}"
        )
        write_dicom(root / "deep" / f"folder{number}", thorax(seed=number), series)
        rows.append((series.study, series.patient, number // 2, "control", "F", 40 + number))
    columns = ["study", "patient", "label", "category", "sex", "age"]
    pd.DataFrame(rows, columns=columns).to_csv(root / "label.csv", index=False)


def cc_ccii(root: Path) -> None:
    scans = [("NCP", "7", "100"), ("NCP", "7", "101"), ("CP", "8", "102"), ("Normal", "9", "103")]
    for number, (category, patient, scan) in enumerate(scans):
        folder = root / category / patient / scan
        folder.mkdir(parents=True)
        grey = (thorax(12, seed=number) + 1000) // 6
        for index, one in enumerate(grey):
            Image.fromarray(one.astype(np.uint8)).save(folder / f"{index:04d}.png")
    listed = [("x.zip", patient, scan, category, 12) for category, patient, scan in scans]
    columns = ["zip_file", "patient_id", "scan_id", "label", "n_slice"]
    pd.DataFrame(listed, columns=columns).to_csv(root / "unzip_filenames.csv", index=False)
    people = pd.DataFrame([("7", 60, "Male"), ("8", 51, "Female")])
    people.columns = ["patient_id", "Age", "Sex(Male/Female)"]
    people.to_csv(root / "metadata.csv", index=False)


def covid_ctset(root: Path) -> None:
    details, headers = [], []
    for number, (kind, infection) in enumerate([("covid1", "Positive"), ("normal2", "Negative")]):
        patient = f"patient{number + 1}"
        header = {"Patient ID": patient}
        for series in ("SR_2", "SR_3", "SR_4"):
            for name, value in {
                "BitsStored": "12",
                "ConvolutionKernel": "B70s",
                "ImageComments": "WITHOUT CONTRAST",
                "Manufacturer": "SIEMENS",
                "PixelSpacing": "[0.75, 0.75]",
                "RescaleIntercept": "-1024",
                "RescaleSlope": "1",
                "SliceThickness": "6",
            }.items():
                header[f"{series} {name}"] = value
            stored = (thorax(11, seed=number) + 1024).astype(np.uint16)
            folder = root / kind / patient / series if number else root
            folder.mkdir(parents=True, exist_ok=True)
            prefix = "" if number else f"137{kind[:-1]}_{patient}_{series}_"
            for index, one in enumerate(stored):
                Image.fromarray(one).save(folder / f"{prefix}IM{index + 1:05d}.tif")
        details.append((patient, "F", "053Y", infection))
        headers.append(header)
    columns = ["Patient ID", "SEX", "AGE", "COVID-19 Infection"]
    pd.DataFrame(details, columns=columns).to_csv(root / "Patient_details.csv", index=False)
    pd.DataFrame(headers).to_csv(root / "Patients_metadata.csv", index=False)


def mosmed(root: Path) -> None:
    for number, category in enumerate(["CT-0", "CT-1", "CT-2"]):
        folder = root / "studies" / category
        folder.mkdir(parents=True)
        # stored from the patient's left to the right, the affine says so
        affine = np.diag([-0.7, 0.7, 8.0, 1.0])
        image = nibabel.Nifti1Image(thorax(seed=number).transpose(2, 1, 0), affine)
        nibabel.save(image, folder / f"study_{number + 1:04d}.nii.gz")


def sars_cov_2_ct(root: Path) -> None:
    for folder, stem, mode in [("COVID", "Covid", "RGB"), ("non-COVID", "Non-Covid", "RGBA")]:
        (root / folder).mkdir(parents=True)
        for number in range(1, 12):
            image = Image.fromarray(((thorax(1, 30, 40, number)[0] + 1000) // 6).astype(np.uint8))
            image.convert(mode).save(root / folder / f"{stem} ({number}).png")


def covid_ct(root: Path) -> None:
    positive = ["a-p3-89%0.png", "a-p3-89%1.png", "b_2.png"]
    negative = ["0.jpg", "1%0.jpg", "1%1.png"]
    for folder, names in [("CT_COVID", positive), ("CT_NonCOVID", negative)]:
        (root / folder).mkdir(parents=True)
        for number, name in enumerate(names):
            grey = ((thorax(1, 30, 40, number)[0] + 1000) // 6).astype(np.uint8)
            Image.fromarray(grey).save(root / folder / name)
    book = openpyxl.Workbook()
    book.active.append(["File name", "Patient ID", "Age", "Gender"])
    book.active.append(["a-p3-89%0", "Patient 1", 41, "M "])
    book.active.append(["a-p3-89%1.png", "Patient 1", 41, "M"])
    book.active.append([" B_2 ", "Patient 2", "Young Child", None])
    book.active.append([None, None, None, None])
    book.save(root / "COVID-CT-MetaInfo.xlsx")
    patients = ["crawled_patient_0", "crawled_patient_1", "crawled_patient_1"]
    table = pd.DataFrame({"image name": negative, "patient id": patients})
    table.to_csv(root / "NonCOVID-CT-MetaInfo.csv")


CHEXPERT_LABELS = [
    "No Finding",
    "Enlarged Cardiomediastinum",
    "Cardiomegaly",
    "Lung Opacity",
    "Lung Lesion",
    "Edema",
    "Consolidation",
    "Pneumonia",
    "Atelectasis",
    "Pneumothorax",
    "Pleural Effusion",
    "Pleural Other",
    "Fracture",
    "Support Devices",
]


def radiograph(path: Path, seed: int, mode: str = "L") -> None:
    """Write one grey image of nothing in particular."""
    path.parent.mkdir(parents=True, exist_ok=True)
    grey = ((thorax(1, 30, 40, seed)[0] + 1000) // 6).astype(np.uint8)
    Image.fromarray(grey).convert(mode).save(path)


def chexpert_row(path: str, *known: str, **labels: str) -> dict[str, str]:
    columns = ["Sex", "Age", "Frontal/Lateral", "AP/PA"]
    row = {"Path": path, **dict(zip(columns, known, strict=True))}
    given = {name.replace("_", " "): state for name, state in labels.items()}
    return row | {name: given.get(name, "") for name in CHEXPERT_LABELS}


def chexpert(root: Path) -> None:
    top = "CheXpert-v1.0-small"
    one = {"Cardiomegaly": "1.0", "Edema": "-1.0", "Consolidation": "0.0"}
    none = {"No_Finding": "1.0"}
    train = [
        chexpert_row(
            f"{top}/train/patient00001/study1/view1_frontal.jpg",
            "Female",
            "68",
            "Frontal",
            "AP",
            **one,
        ),
        chexpert_row(
            f"{top}/train/patient00001/study1/view2_lateral.jpg",
            "Female",
            "68",
            "Lateral",
            "",
            **one,
        ),
        chexpert_row(
            f"{top}/train/patient00002/study3/view1_frontal.jpg",
            "Male",
            "90",
            "Frontal",
            "PA",
            **none,
        ),
    ]
    full = dict.fromkeys((name.replace(" ", "_") for name in CHEXPERT_LABELS), "0.0")
    full["Pleural_Effusion"] = "1.0"
    valid = [
        chexpert_row(
            f"{top}/valid/patient64541/study1/view1_frontal.jpg",
            "Male",
            "73",
            "Frontal",
            "AP",
            **full,
        )
    ]
    for name, rows in (("train", train), ("valid", valid)):
        pd.DataFrame(rows).to_csv(root / f"{name}.csv", index=False)
        for seed, row in enumerate(rows):
            radiograph(root / row["Path"], seed + len(name) * (name == "valid"))


def chestxray14(root: Path) -> None:
    rows = [
        ("00000001_000.png", "Cardiomegaly|Effusion", "0", "1", "58", "M", "PA"),
        ("00000001_001.png", "No Finding", "1", "1", "59", "M", "AP"),
        ("00000013_000.png", "Pleural_Thickening|Mass", "0", "13", "414", "F", "PA"),
        ("00000013_001.png", "Atelectasis", "1", "13", "61", "F", "PA"),
    ]
    header = (
        "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,"
        "View Position,OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],"
    )
    lines = [header, *(",".join((*row, "2682", "2749", "0.143", "0.143", "")) for row in rows)]
    (root / "Data_Entry_2017.csv").write_text("\n".join(lines) + "\n")
    (root / "train_val_list.txt").write_text("00000001_000.png\n00000001_001.png\n")
    (root / "test_list.txt").write_text("00000013_000.png\n00000013_001.png")
    for seed, row in enumerate(rows):
        folder = root / ("images" if seed < 2 else "images_002/images")
        radiograph(folder / row[0], seed, "RGBA" if seed == 1 else "L")


def mimic_cxr_jpg(root: Path) -> None:
    images = [  # dicom_id, subject, study, split, view, date
        ("02aa804e-bde0afdd", "10000032", "50414267", "train", "PA", "21800506"),
        ("174413ec-4ec4c1f7", "10000032", "50414267", "train", "LATERAL", "21800506"),
        ("2a2277a9-b0ded155", "10000032", "53189527", "train", "", "21800626"),
        ("68b5c4b1-227d0485", "11000935", "51178377", "validate", "AP", "21340101"),
        ("f1a2b3c4-00000001", "19999987", "55368167", "test", "AP AXIAL", "21451102"),
    ]
    frame = pd.DataFrame(images)
    frame.columns = ["dicom_id", "subject_id", "study_id", "split", "ViewPosition", "StudyDate"]
    metadata = frame[["dicom_id", "subject_id", "study_id", "ViewPosition", "StudyDate"]].assign(
        PerformedProcedureStepDescription="CHEST (PA AND LAT)", Rows=3056, Columns=2544
    )
    labels = [
        "Atelectasis",
        "Cardiomegaly",
        *sorted({*CHEXPERT_LABELS} - {"Atelectasis", "Cardiomegaly"}),
    ]
    studies = frame[["subject_id", "study_id"]].drop_duplicates()
    findings = studies.assign(**dict.fromkeys(labels, ""))
    findings["Edema"] = ["1.0", "-1.0", "0.0", ""]
    tables = {
        "metadata": metadata,
        "split": frame[["dicom_id", "study_id", "subject_id", "split"]],
        "chexpert": findings,
    }
    for name, table in tables.items():
        table.to_csv(root / f"mimic-cxr-2.0.0-{name}.csv.gz", index=False)
    for seed, (dicom, subject, study, *_) in enumerate(images):
        folder = root / "files" / f"p{subject[:2]}" / f"p{subject}" / f"s{study}"
        radiograph(folder / f"{dicom}.jpg", seed)


def images(root: Path) -> None:
    rows = ["path,patient,label,sex,age"]
    for number, suffix in enumerate(("png", "jpg", "tif", "bmp", "webp")):
        radiograph(root / f"folder{number % 2}" / f"{number}.{suffix}", number)
        rows.append(f"folder{number % 2}/{number}.{suffix},P{number // 2},{number % 2},F,5{number}")
    (root / "label.csv").write_text("\n".join(rows) + "\n")


def volumes(root: Path) -> None:
    rows = ["path,patient,label,scanner"]
    for number, name in enumerate(("a.nii.gz", "b.nrrd", "c.mha", "d.mhd")):
        image = SimpleITK.GetImageFromArray(thorax(seed=number))
        image.SetSpacing((0.7, 0.8, 2.5))
        SimpleITK.WriteImage(image, root / name)
        rows.append(f"{name},P{number // 2},{number % 2},SIEMENS")
    (root / "label.csv").write_text("\n".join(rows) + "\n")


SITES: dict[str, Callable[[Path], None]] = {
    "cc_ccii": cc_ccii,
    "chestxray14": chestxray14,
    "chexpert": chexpert,
    "covid_ct": covid_ct,
    "covid_ctset": covid_ctset,
    "dicom_series": dicom_series,
    "images": images,
    "mimic_cxr_jpg": mimic_cxr_jpg,
    "mosmed": mosmed,
    "sars_cov_2_ct": sars_cov_2_ct,
    "volumes": volumes,
}


@pytest.fixture
def loaded_by() -> Callable[[str], set[str]]:
    """Return what tells the modules, with those they lie in, of a new process after some code."""

    def names(code: str) -> set[str]:
        told = f"{code}\nimport sys\nsys.stdout.write(' '.join(sys.modules))"
        done = subprocess.run(
            [sys.executable, "-c", told], capture_output=True, check=True, text=True
        )
        return set(done.stdout.split())

    return names


@pytest.fixture
def series_of() -> type[DicomSeries]:
    return DicomSeries


@pytest.fixture(name="write_dicom")
def _write_dicom() -> Callable[..., list[Path]]:
    return write_dicom


@pytest.fixture(name="thorax")
def _thorax() -> Callable[..., np.ndarray]:
    return thorax


@pytest.fixture
def published(tmp_path: Path) -> Callable[[str], Path]:
    """Write a tiny site in a layout and return its folder."""

    def write(layout: str) -> Path:
        root = tmp_path / "raw" / layout
        root.mkdir(parents=True)
        SITES[layout](root)
        return root

    return write


@pytest.fixture(scope="session")
def strict() -> IntakeRow:
    """Refuse what is not one regular volume."""
    return IntakeRow(
        policy="strict",
        same_position_mm=0.01,
        spacing_tolerance_mm=0.2,
        spacing_tolerance=0.1,
        gap_ratio=1.5,
        tilt_tolerance_degrees=0.5,
        cosine_tolerance=1e-3,
        fill_slices=0,
        least_slices=1,
        doubtful_hu="refuse",
        unclear_geometry="flag",
        least_extent_mm=0,
        rejected_at_most=1.0,
        decode_seconds=5,
        decode_gb=1,
    )


class Result:
    """What an intake gave, by names of files in place of hashed keys."""

    def __init__(self, taken: Taken, volumes: Path) -> None:
        self.volumes = volumes
        self.account = taken.account
        self.rows = {row["source_path"]: row for row in taken.rows}
        self.reasons: dict[str, list[str]] = defaultdict(list)
        for one in taken.account.rows:
            self.reasons[one.reason].append(one.path)

    @property
    def rejected(self) -> dict[str, list[str]]:
        """Reason to paths, of what should have been a scan."""
        kept = {one.reason for one in self.account.rows if one.verdict == "rejected"}
        return {reason: sorted(self.reasons[reason]) for reason in sorted(kept)}


@pytest.fixture
def take(tmp_path_factory: pytest.TempPathFactory, strict: IntakeRow) -> Callable[..., Result]:
    """Take a folder in; options as in the settings."""

    def taken(name: str, root: Path, *, private: bool = False, **options: Any) -> Result:
        out = tmp_path_factory.mktemp("taken")
        keys = Keys("a-site", private, b"key of a test")
        intake = Intake(keys, True, out / "volumes", strict)
        return Result(intake.take(layout(name, options), root), out / "volumes")

    return taken


@pytest.fixture(scope="session")
def check_out() -> Callable[[Path], Path]:
    """Return what makes a folder with the settings of tests/params and src."""

    def made(folder: Path) -> Path:
        top = folder / "checkout"
        top.mkdir()
        shutil.copy(PROJECT / ".dvcignore", top)
        shutil.copytree(PROJECT / "tests/params", top, dirs_exist_ok=True)
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / "src/elsewhere", top / "src/elsewhere", ignore=skip)
        return top

    return made


@pytest.fixture
def checkout(
    check_out: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Return a folder that the test works in, with the settings of tests/params and src."""
    top = check_out(tmp_path)
    monkeypatch.chdir(top)
    return top


@pytest.fixture
def real() -> Callable[[str], Path]:
    """Return the folder of a real data set below $ELSEWHERE_REAL_DATA."""
    top = os.environ.get("ELSEWHERE_REAL_DATA")
    if not top:
        pytest.skip("ELSEWHERE_REAL_DATA does not name a folder of real images")
    return Path(top).joinpath


@pytest.fixture
def on_a_disk() -> Callable[[str, Path, str], list[str]]:
    """Run code with a folder as a disk of its own, mounted with options; return what it prints."""
    inside = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    mounted = 'mount -t tmpfs -o "$0" none "$1" && if [ "$2" ]; then exec "$2" -c "$3" "$1"; fi'

    def run(options: str, folder: Path, code: str) -> list[str]:
        if subprocess.run([*inside, mounted, options, folder], check=False).returncode:
            pytest.skip("this machine lets nobody mount a disk")
        call = [*inside, mounted, options, folder, sys.executable, code]
        done = subprocess.run(call, capture_output=True, text=True, check=False)
        assert not done.returncode, done.stderr
        return done.stdout.splitlines()

    return run


def refuse_users_settings(event: str, args: tuple[Any, ...]) -> None:
    """Let no test read what the user of this checkout sets: the suite must pass whatever it is."""
    if event != "open" or not watched or not isinstance(args[0], str | bytes):
        return
    name = os.fsdecode(args[0])
    if OWN.search(name):
        path = os.path.abspath(name)
        if path.startswith((f"{PROJECT}/params.yaml", f"{PROJECT}/config/")):
            refused.append(path)
            raise PermissionError(f"a test reads {path}: let it read tests/params")


@pytest.fixture(autouse=True)
def _nothing_was_refused() -> Iterator[None]:
    """Whoever catches the error must not hide it."""
    yield
    assert refused == [], "a test reads the settings of this checkout: let it read tests/params"


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the cluster nor the container of the tests counts."""
    for name in (
        allowance.VARIABLE,
        "SLURM_MEM_PER_NODE",
        "SLURM_MEM_PER_CPU",
        "SLURM_CPUS_ON_NODE",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(memory, "GROUPS_OF_THIS", tmp_path / "none")


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Return what puts this process into a control group, or into one below it."""

    def make(limit: object, used: int, *, cached: int = 0, version: int = 2) -> None:
        names = {
            2: ("memory.max", "memory.current", "active_file", "inactive_file"),
            1: (
                "memory.limit_in_bytes",
                "memory.usage_in_bytes",
                "total_active_file",
                "total_inactive_file",
            ),
        }[version]
        top = tmp_path / "cgroup" / ("memory" if version == 1 else "")
        (top / "job/step").mkdir(parents=True, exist_ok=True)
        (top / "job" / names[0]).write_text(f"{limit}\n")
        (top / "job" / names[1]).write_text(f"{used}\n")
        halves = f"{names[2]} {cached // 2}\n{names[3]} {cached - cached // 2}\n"
        (top / "job/memory.stat").write_text(f"anon 5\n{halves}")
        line = "0::/job/step" if version == 2 else "7:cpu:/x\n4:memory:/job/step"
        (tmp_path / "mine").write_text(line + "\n")
        monkeypatch.setattr(memory, "GROUPS_OF_THIS", tmp_path / "mine")
        monkeypatch.setattr(memory, "CGROUP", tmp_path / "cgroup")

    return make


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Watch a test and its fixtures in this process, unless its mark says that it is about them."""
    if item.get_closest_marker("users_settings") is None:
        watched.append(item.nodeid)
    try:
        return (yield)
    finally:
        watched.clear()
        refused.clear()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep a file on one worker, so that its fixtures are made once."""
    if item.get_closest_marker("xdist_group") is None:
        item.add_marker(pytest.mark.xdist_group(item.path.stem))


def pytest_collection_finish() -> None:
    sys.addaudithook(refuse_users_settings)
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put slow tests first: their chain would run on one core alone after all others."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
