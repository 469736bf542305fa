"""Views of scans in plain NumPy, one operation after the other, as the papers state them."""

import numpy as np
from scipy import ndimage

from elsewhere.imaging import resample

MEAN, SD = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])


def volume(array, rng, *, input, row):
    """A-14 to A-17, A-44 to A-48."""
    low, high = float(array.min()), float(array.max())
    if input.normalise == "fixed":
        low, high = 0.0, input.clip_max_hu - input.clip_min_hu
    if rng.random() < row.power_of_two:
        n = 0
        while not 2**n > array.max():
            n += 1
        low, high = 0.0, float(2**n)
    start = int(rng.integers(abs(len(array) - input.depth) + 1))
    seen = np.zeros((input.depth, *array.shape[1:]), np.float32)
    chosen, place = array[start : start + input.depth], slice(None)
    if len(array) <= input.depth:
        chosen, place = array, slice(start, start + len(array))
    if high > low:
        scaled = (chosen - np.float32(low)) * np.float32(1 / (high - low))
        seen[place] = np.clip(scaled, 0, 1)
    if rng.random() >= row.gate:
        return seen[None]
    for axis in [axis for axis in range(3) if rng.random() < row.flip]:
        seen = np.flip(seen, axis)
    if rng.random() < row.transpose:
        seen = np.swapaxes(seen, 1, 2)
    if row.rotate == "quarter_turns":
        seen = np.rot90(seen, rng.integers(4), (1, 2))
    if rng.random() < row.scale:
        factor = 1 - rng.random()
        if row.scale_mode == "intensity":
            return (seen * np.float32(factor))[None]
        centre = (np.asarray(seen.shape) - 1) / 2
        shift = centre - centre / factor
        seen = ndimage.affine_transform(seen, np.full(3, 1 / factor), offset=shift, order=1)
    return seen[None]


def slices(array, rng, *, input, row):
    """C-09, C-10, C-12."""
    del row
    draw = next(one for one in input.train if one.up_to is None or len(array) <= one.up_to)
    starts = [*range(draw.first, len(array) - draw.margin)]
    if not starts:
        last = max(0, len(array) - 1 - (input.depth - 1) * draw.interval)
        starts = [min(draw.first, last)]
    first = rng.choice(starts)
    chosen = array[first : first + input.depth * draw.interval : draw.interval]
    seen = np.zeros((1, input.depth, *array.shape[1:]), np.float32)
    shift = np.float32(input.clip_min_hu - input.mean_hu)
    seen[0, : len(chosen)] = (chosen.astype(np.float32) + shift) / np.float32(input.sd_hu)
    return seen


def image(array, rng, *, input, row):
    """D-03, D-04, B-20."""
    if row.crop:
        top, left = rng.integers([length - input.matrix + 1 for length in array.shape[1:]])
        grey = array[0, top : top + input.matrix, left : left + input.matrix].astype(np.float32)
    else:
        grey = resample.in_plane(array, rows=input.matrix, columns=input.matrix)[0]
    seen = np.stack([grey] * input.channels)
    if input.normalise == "image":
        seen = (seen - np.float32(grey.mean())) / np.float32(float(grey.std()) or 1.0)
    else:
        mean, sd = (MEAN, SD) if input.channels == 3 else ([MEAN.mean()], [SD.mean()])
        scaled = seen / np.float32(255) - np.float32(mean)[:, None, None]
        seen = scaled / np.float32(sd)[:, None, None]
    if rng.random() < row.flip_vertical:
        seen = seen[:, ::-1]
    if rng.random() < row.flip_horizontal:
        seen = seen[:, :, ::-1]
    return seen
