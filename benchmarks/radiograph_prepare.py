"""radiograph_prepare: processor time of a radiograph's ingest and of each preparation of chestxray.

Images of three sizes: as ChestX-ray14 has them, and as CheXpert has them, small and full.
"""

from __future__ import annotations

import argparse
import datetime
import resource
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.exposure import equalize_adapthist
from skimage.transform import resize

from elsewhere import workers
from elsewhere.design.params import load
from elsewhere.imaging import clahe, picture, profile, spline, store
from elsewhere.steps import prepare
from results import machine, write_section

HEADING = "## Preparation of radiographs"
INPUTS = ("chestxray-paper-224", "chestxray-paper-299")
# name: rows, columns, suffix of the raw file
SIZES = {
    "CheXpert small, JPEG": (320, 389, "jpg"),
    "ChestX-ray14, PNG": (1024, 1024, "png"),
    "CheXpert full, JPEG": (2320, 2828, "jpg"),
}


def greys(rows: int, columns: int) -> np.ndarray:
    """Return an image with structure of a body's size and the grain of a detector."""
    rng = np.random.default_rng(0)
    coarse = ndimage.gaussian_filter(rng.normal(size=(rows // 8, columns // 8)), 6)
    body = np.asarray(Image.fromarray(coarse.astype(np.float32)).resize((columns, rows)))
    body = (body - body.min()) / (body.max() - body.min()) * 220
    return np.clip(body + rng.normal(size=body.shape) * 3, 0, 255).astype(np.uint8)


def taken_in(raw: Path, out: Path) -> None:
    """Do with an image what `ingest` does: decode it, measure it, store it."""
    volume = picture.read(raw, colour="luma", sixteen_bit="reject")
    profile.of(volume)
    store.write(out, volume.voxels.astype(np.uint8))


def make(folder: Path, name: str) -> tuple[Path, dict[str, Any]]:
    """Write a raw image; return it, and what `prepare` reads of its row of the manifest."""
    rows, columns, suffix = SIZES[name]
    raw = folder / f"raw.{suffix}"
    Image.fromarray(greys(rows, columns)).save(raw)
    spacing = {f"spacing_{axis}_mm": float("nan") for axis in "zyx"}
    size = {"n_slices": 1, "rows": rows, "columns": columns}
    return raw, {"scan_id": "scan", "value_scale": "0-255", **size, **spacing}


def cpu_s(work: Callable[[], Any], repeats: int) -> float:
    """Return the least processor time of some runs, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def row(folder: Path, name: str, repeats: int) -> str:
    """Return the line of one size: bytes, and milliseconds of processors an image."""
    inputs = load(Path(__file__).parents[1]).inputs
    raw, scan = make(folder, name)
    volume = folder / f"scan{store.SUFFIX}"
    (folder / "out").mkdir(exist_ok=True)
    times = [cpu_s(partial(taken_in, raw, volume), repeats)]
    for one in INPUTS:
        prepared = partial(prepare._stored, inputs[one], folder, folder / "out", scan)
        times.append(cpu_s(prepared, repeats))
    grey, how = store.read(volume)[0], {"clip_limit": 0.01, "tiles": 8}
    times.append(cpu_s(partial(clahe.equalised, grey, **how), repeats))
    sides = [side // 8 for side in grey.shape]
    times.append(cpu_s(partial(equalize_adapthist, grey, sides, 0.01), repeats))
    small = {"rows": 224, "columns": 224}
    times.append(cpu_s(partial(spline.in_plane, grey[None], **small), repeats))
    times.append(cpu_s(partial(by_scikit_image, grey, (224, 224)), repeats))
    sizes = [f"{path.stat().st_size / 1e6:.2f}" for path in (raw, volume)]
    cells = [*sizes, *(f"{each * 1000:.0f}" for each in times)]
    print(name, cells, flush=True)
    return f"| {name}, {scan['rows']} x {scan['columns']} | {' | '.join(cells)} |"


def by_scikit_image(grey: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Resize as `spline.in_plane` does, by the function that it takes the place of (B-21)."""
    how = {"order": 1, "mode": "constant", "cval": 0, "anti_aliasing": True}
    return resize(grey.astype(np.float32), shape, preserve_range=True, **how)


def of_processes(folder: Path, images: int) -> dict[int, float]:
    """Return the processor time of an image with one and two processes, of all of them."""
    inputs = load(Path(__file__).parents[1]).inputs
    raw, scan = make(folder, "CheXpert full, JPEG")
    taken_in(raw, folder / f"scan{store.SUFFIX}")
    scans = [{**scan, "scan_id": str(number)} for number in range(images)]
    for one in scans:
        (folder / f"{one['scan_id']}{store.SUFFIX}").hardlink_to(folder / f"scan{store.SUFFIX}")
    (folder / "out").mkdir(exist_ok=True)
    work = partial(prepare._stored, inputs[INPUTS[0]], folder, folder / "out")
    found = {}
    for count in (1, 2):
        start = used_s()
        list(workers.results(work, scans, processes=count, name=str))
        found[count] = (used_s() - start) / images
    return found


def used_s() -> float:
    """Return the processor time of this process and of its children that have ended."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in both)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--images", type=int, default=200, help="of one and of two processes")
    wanted = parser.parse_args()
    rows = []
    for name in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(row(Path(folder), name, wanted.repeats))
    with tempfile.TemporaryDirectory() as folder:
        each = of_processes(Path(folder), wanted.images)
    about = (
        f"`python benchmarks/radiograph_prepare.py`, {datetime.date.today()}, {machine()}.\n"
        "Drawn images; milliseconds of processor time an image, the least of "
        f"{wanted.repeats}: ingest (decode, measure, store), the preparations of `chestxray` at "
        "scale paper (read, CLAHE, resize, store), and CLAHE and the resizing to 224 alone, ours "
        "and scikit-image's.\n\n"
        "| image | raw, MB | stored, MB | ingest | prepare 224 | prepare 299 | CLAHE | "
        "scikit-image's | resize | scikit-image's |\n"
        f"|---|{'---:|' * 9}\n"
    )
    beside = (
        f"{wanted.images} images of CheXpert's full size to 224 take {each[1] * 1000:.0f} ms of "
        f"processors an image in one process and {each[2] * 1000:.0f} ms in two, their starts "
        f"included: {each[2] / each[1]:.2f} times. The processes share nothing, so cores shorten "
        "the work in proportion as far as disk and memory keep up (not shown beyond two cores).\n"
    )
    text = "\n".join(rows)
    write_section(HEADING, f"{HEADING}\n\n{about}{text}\n\n{beside}")


if __name__ == "__main__":
    main()
