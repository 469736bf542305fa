"""dicom_readers: from the files of a DICOM series to an int16 HU array, against other readers."""

from __future__ import annotations

import argparse
import datetime
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import gdcm
import nibabel
import numpy as np
import psutil
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from store_formats import ct_like

from results import machine, write_section

HEADING = "## DICOM readers"
NATIVE = "uncompressed"
PACKED = {
    "JPEG lossless": gdcm.TransferSyntax.JPEGLosslessProcess14_1,
    "JPEG-LS": gdcm.TransferSyntax.JPEGLSLossless,
    "JPEG 2000": gdcm.TransferSyntax.JPEG2000Lossless,
}
BYTES = "the bytes alone"
OURS = "elsewhere"

Array = np.ndarray


def write_series(folder: Path, hu: Array) -> None:
    """Write a series under names that say nothing of the order."""
    folder.mkdir()
    names = np.random.default_rng(0).permutation(len(hu))
    for index, one in enumerate(hu):
        data = Dataset()
        data.file_meta = FileMetaDataset()
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = CTImageStorage
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.4.{index + 1}"
        data.StudyInstanceUID, data.SeriesInstanceUID = "1.2.3", "1.2.3.4"
        data.FrameOfReferenceUID, data.PatientID, data.PatientName = "1.2.3.5", "1", "SYNTHETIC"
        data.StudyDate = data.SeriesDate = data.AcquisitionDate = "20200101"
        data.StudyTime = data.SeriesTime = data.AcquisitionTime = "120000"
        data.Modality, data.Manufacturer, data.SeriesNumber = "CT", "SIEMENS", 1
        data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        data.InstanceNumber = index + 1
        data.ImagePositionPatient = [-180, -180, index * 2.5]
        data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        data.PixelSpacing, data.SliceThickness = [0.7, 0.7], 2.5
        data.Rows, data.Columns = one.shape
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.BitsAllocated, data.BitsStored, data.HighBit = 16, 12, 11
        data.PixelRepresentation = 0
        data.RescaleSlope, data.RescaleIntercept = 1, -1024
        data.RescaleType = "HU"  # GDCM would write US into the compressed files
        data.PixelData = (one + 1024).astype("<u2").tobytes()
        data["PixelData"].VR = "OW"
        data.save_as(folder / f"{names[index]:04d}.dcm", enforce_file_format=True)


def pack(source: Path, folder: Path, syntax: int) -> None:
    """Write the series anew in a compressed transfer syntax."""
    folder.mkdir()
    for path in source.iterdir():
        reader, writer = gdcm.ImageReader(), gdcm.ImageWriter()
        reader.SetFileName(str(path))
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
        assert reader.Read()
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer.SetFileName(str(folder / path.name))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()


def the_bytes(folder: Path) -> None:
    """Read all files into one piece of memory, which is what any reader has to do."""
    sizes = {path: path.stat().st_size for path in folder.iterdir()}
    room, at = memoryview(np.empty(sum(sizes.values()), np.uint8)), 0
    for path, size in sizes.items():
        with path.open("rb", buffering=0) as file:
            at += file.readinto(room[at : at + size])


def elsewhere(folder: Path) -> Array:
    """The whole way: recognise, group, judge, decode, rescale, turn."""
    from elsewhere.design.merge import read
    from elsewhere.design.site import IntakeRow
    from elsewhere.imaging.dicom import group, pixels, recognise

    global _POLICY  # noqa: PLW0603 - the settings are read once, like a step does
    if _POLICY is None:
        row = read(Path(__file__).parents[1])["intakes"]["strict"]
        _POLICY = IntakeRow(**row)
    (volume,) = group.volumes(recognise.sort(folder).slices, _POLICY)
    return pixels.read(volume, _POLICY).voxels


_POLICY = None


def simpleitk(folder: Path) -> Array:
    import SimpleITK as sitk  # noqa: N813

    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return sitk.GetArrayFromImage(reader.Execute()).astype(np.int16, copy=False)


def dcm2niix(folder: Path) -> Array:
    program = shutil.which("dcm2niix")
    if program is None:
        from dcm2niix import bin as program
    with tempfile.TemporaryDirectory() as out:
        command = [program, "-z", "n", "-b", "n", "-o", out, "-f", "one", str(folder)]
        subprocess.run(command, check=True, capture_output=True)
        return nifti(next(Path(out).glob("one*.nii")))


def nifti(path: Path) -> Array:
    return np.asanyarray(nibabel.load(path).dataobj).astype(np.int16)


def dicom2nifti(folder: Path) -> Array:
    import dicom2nifti

    with tempfile.TemporaryDirectory() as out:
        path = Path(out, "one.nii")
        dicom2nifti.dicom_series_to_nifti(folder, path, reorient_nifti=False)
        return nifti(path)


def monai_itk(folder: Path) -> Array:
    from monai.data import ITKReader

    reader = ITKReader()
    return reader.get_data(reader.read(str(folder)))[0].astype(np.int16)


def monai_pydicom(folder: Path) -> Array:
    from monai.data import PydicomReader

    reader = PydicomReader()
    return reader.get_data(reader.read(str(folder)))[0].astype(np.int16)


# name: how it reads, and the module or program that it needs
READERS: dict[str, tuple[Callable[[Path], Array | None], tuple[str, ...]]] = {
    BYTES: (the_bytes, ()),
    OURS: (elsewhere, ("elsewhere",)),
    "SimpleITK ImageSeriesReader": (simpleitk, ("SimpleITK",)),
    "dcm2niix": (dcm2niix, ("dcm2niix",)),
    "dicom2nifti": (dicom2nifti, ("dicom2nifti",)),
    "MONAI ITKReader": (monai_itk, ("monai", "itk")),
    "MONAI PydicomReader": (monai_pydicom, ("monai",)),
}


def missing(name: str) -> list[str]:
    """Return what a reader needs and this machine lacks."""
    return [one for one in READERS[name][1] if not (find_spec(one) or shutil.which(one))]


def fingerprint(voxels: Array | None) -> list[int] | None:
    """Return what no order of the axes changes."""
    if voxels is None:
        return None
    exact = voxels.astype(np.int64)
    return [*sorted(voxels.shape), int(exact.sum()), int((exact**2).sum())]


class Peak(threading.Thread):
    """Measures the most memory that this process and its children hold."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.bytes = 0

    def run(self) -> None:
        me = psutil.Process()
        while True:
            total = 0
            for process in [me, *me.children(recursive=True)]:
                try:
                    total += process.memory_info().rss
                except psutil.Error:
                    continue
            self.bytes = max(self.bytes, total)
            time.sleep(0.005)


def cpu() -> float:
    """Seconds of processors, of this process and of children alive and gone."""
    gone = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = time.process_time() + gone.ru_utime + gone.ru_stime
    for child in psutil.Process().children(recursive=True):
        total += sum(child.cpu_times()[:2])
    return total


def measure(name: str, folder: Path, repeats: int) -> dict[str, object]:
    """Time a reader in this process, which reads nothing else.

    The first reading is not counted. Memory is looked at in more of them: to look takes Python's
    lock.
    """
    read = READERS[name][0]
    peak = Peak()
    voxels = read(folder)
    result = {"fingerprint": fingerprint(voxels)}
    del voxels
    walls, cpus = [], []
    for _ in range(repeats):
        before, begun = cpu(), time.perf_counter()
        read(folder)
        walls.append(time.perf_counter() - begun)
        cpus.append(cpu() - before)
    peak.start()
    for _ in range(repeats):
        read(folder)
    return {**result, "wall_s": min(walls), "cpu_s": min(cpus), "peak": peak.bytes}


def measured(name: str, folder: Path, repeats: int) -> dict[str, object]:
    """Run `measure` in a process of its own; {"fault": text} if that fails."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", name, str(folder), "--repeats", str(repeats)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return json.loads(done.stdout.splitlines()[-1])
    last = (done.stderr.strip() or f"exit status {done.returncode}").splitlines()[-1]
    return {"fault": last[:80].replace("|", "/")}


def rows(syntax: str, folder: Path, repeats: int, truth: list[int]) -> list[str]:
    """Measure every reader on one series; return its rows of the table."""
    found, lines = {}, []
    for name in READERS:
        lacking = missing(name)
        if lacking:
            lines.append(f"| {syntax} | {name} | not installed: {', '.join(lacking)} | | | | |")
            continue
        one = found[name] = measured(name, folder, repeats)
        if "fault" in one:
            lines.append(f"| {syntax} | {name} | fails: {one['fault']} | | | | |")
            continue
        ratio = one["wall_s"] / found[BYTES]["wall_s"]
        same = "" if name == BYTES else "yes" if one["fingerprint"] == truth else "no"
        lines.append(
            f"| {syntax} | {name} | {one['wall_s'] * 1000:.0f} | {one['cpu_s'] * 1000:.0f} "
            f"| {ratio:.1f} | {one['peak'] / 1e6:.0f} | {same} |"
        )
    return lines


def table(slices: int, side: int, repeats: int) -> str:
    """Write one series in every transfer syntax and measure every reader on it."""
    hu = ct_like((slices, side, side))
    lines = []
    with tempfile.TemporaryDirectory() as top:
        plain = Path(top, "plain")
        write_series(plain, hu)
        lines += rows(NATIVE, plain, repeats, fingerprint(hu))
        for name, syntax in PACKED.items():
            folder = Path(top, name)
            pack(plain, folder, syntax)
            lines += rows(name, folder, repeats, fingerprint(hu))
    return "\n".join(
        [
            HEADING,
            "",
            f"`python benchmarks/dicom_readers.py`, {datetime.date.today()}, {machine()}.",
            f"One synthetic series of {slices} slices, {side} x {side}, from files to an int16 "
            "array in HU. Each reader in a process of its own, files in the page cache; the best "
            f"of {repeats} after one that is not counted. CPU: of all processes; peak: most memory "
            f"of all processes together, in {repeats} more readings; same: the voxels are those "
            "that were written.",
            "",
            "| files | reader | ms | CPU, ms | x bytes | peak, MB | same |",
            "|---|---|---:|---:|---:|---:|---|",
            *lines,
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=120)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.one:
        print(json.dumps(measure(wanted.one[0], Path(wanted.one[1]), wanted.repeats)))
        return
    text = table(wanted.slices, wanted.side, wanted.repeats)
    print(text)
    write_section(HEADING, text)


if __name__ == "__main__":
    main()
