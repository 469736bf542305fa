"""outline_values: what the voxels of a stored outline say: outside, lung, or lesion (C-35)."""

OUTSIDE = 0
LUNG = 1
LESION = 2  # which counts as lung
