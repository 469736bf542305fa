"""thorax: draw an analytic CT phantom of a healthy thorax in HU, on any grid.

Coordinates are mm in patient coordinates (LPS): x to the patient's left, y to the back, z to the
head; x = y = 0 in the middle of the body, z = 0 at the lowest point of the lungs. All surfaces are
signed distances, so that the same patient can be drawn at any spacing without staircase edges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
Where = tuple[Field, Field, Field]  # z, y, x in mm; they broadcast

AIR_HU = -1000.0
FAT_HU = -100.0
MUSCLE_HU = 50.0
SOFT_HU = 40.0
LUNG_HU = -850.0
EXPIRATION_HU = 130.0
TABLE_HU = -250.0
HEART_MM = 52.0  # semi-axis to left and right


@dataclass(frozen=True)
class Anatomy:
    """The shape of one patient.

    Attributes
    ----------
    width_mm, depth_mm
        Semi-axes of the body.
    height_mm
        Distance from the lowest to the highest point of the lungs.
    heart
        Scale of heart and great vessels.
    shift_mm
        (y, x) of the body in the scanner.
    vessel_seed
        Seed of the vessel tree.
    """

    width_mm: float
    depth_mm: float
    height_mm: float
    heart: float
    shift_mm: tuple[float, float]
    vessel_seed: int


@dataclass(frozen=True)
class Grid:
    """Voxel centres: coordinates of each axis in mm, spacing (dz, dy, dx) in mm."""

    z: Field
    y: Field
    x: Field
    spacing_mm: tuple[float, float, float]

    @property
    def at(self) -> Where:
        """Coordinates (z, y, x) that broadcast to [z, y, x]."""
        return self.z[:, None, None], self.y[None, :, None], self.x[None, None, :]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows, columns."""
        return len(self.z), len(self.y), len(self.x)


@dataclass(frozen=True)
class Thorax:
    """A drawn thorax: HU, share of lung and share of body of each voxel, [z, y, x]."""

    hu: Field
    lung: Field
    body: Field


def draw_anatomy(rng: np.random.Generator, *, female: bool) -> Anatomy:
    """Draw the shape of a patient; women are smaller on average."""
    size = rng.normal(0.94 if female else 1.02, 0.035)
    return Anatomy(
        width_mm=float(166 * size * rng.normal(1, 0.03)),
        depth_mm=float(112 * size * rng.normal(1, 0.05)),
        height_mm=float(262 * size),
        heart=float(rng.normal(1.0, 0.06)),
        shift_mm=(float(rng.normal(0, 5)), float(rng.normal(0, 5))),
        vessel_seed=int(rng.integers(2**31)),
    )


def grid(anatomy: Anatomy, *, field_of_view_mm: float, matrix: int, distance_mm: float) -> Grid:
    """Return a grid over the whole lungs: slices every `distance_mm`, `matrix` x `matrix`."""
    pixel = field_of_view_mm / matrix
    count = round((anatomy.height_mm + 16) / distance_mm)
    z = (np.arange(count) + 0.5) * distance_mm - 8
    plane = (np.arange(matrix) - (matrix - 1) / 2) * pixel
    y, x = plane - anatomy.shift_mm[0], plane - anatomy.shift_mm[1]
    return Grid(
        z.astype(np.float32),
        y.astype(np.float32),
        x.astype(np.float32),
        (distance_mm, pixel, pixel),
    )


def depth_mm(anatomy: Anatomy, at: Where, *, inspiration: float) -> Field:
    """Return the distance to the surface of the nearer lung, positive inside, mm."""
    left = _lung(anatomy, at, side=1, inspiration=inspiration)
    right = _lung(anatomy, at, side=-1, inspiration=inspiration)
    depth: Field = np.minimum(np.maximum(left, right), -_heart(anatomy, at))
    return depth


def pleura(anatomy: Anatomy, at: Where, *, side: int, inspiration: float) -> tuple[Field, Field]:
    """Return distance to the chest wall and height above the diaphragm, mm, of one lung (1: left).

    The lung is elliptic in every slice and narrows to the apex; the diaphragm is a dome.
    """
    z, y, x = at
    grow = 0.86 + 0.16 * inspiration
    taper = np.sqrt(np.clip(1 - (np.maximum(z / anatomy.height_mm - 0.25, 0) / 0.76) ** 2, 0, 1))
    semi_x = 0.37 * anatomy.width_mm * grow * (0.35 + 0.65 * taper)
    semi_y = 0.72 * anatomy.depth_mm * grow * (0.25 + 0.75 * taper)
    centre_x = side * 0.46 * anatomy.width_mm * (0.72 + 0.28 * taper)
    radius = np.sqrt(((x - centre_x) / semi_x) ** 2 + (y / semi_y) ** 2)
    height = (0.42 if side < 0 else 0.37) - 0.26 * inspiration  # the liver lies on the right
    dome = np.maximum(anatomy.height_mm * height * (1 - 0.9 * radius**2), 0)
    return (1 - radius) * semi_x, z - dome


def _lung(anatomy: Anatomy, at: Where, *, side: int, inspiration: float) -> Field:
    wall, above = pleura(anatomy, at, side=side, inspiration=inspiration)
    inside: Field = np.minimum(np.minimum(wall, 0.8 * above), anatomy.height_mm - at[0])
    return inside.astype(np.float32)


def diameters_mm(anatomy: Anatomy, *, inspiration: float) -> tuple[float, float]:
    """Return the greatest horizontal diameters of heart and thorax (inside the ribs), mm (B-43)."""
    lung = 0.37 * (0.86 + 0.16 * inspiration)
    return 2 * HEART_MM * anatomy.heart, 2 * anatomy.width_mm * (0.46 + lung)


def _heart(anatomy: Anatomy, at: Where) -> Field:
    z, y, x = at
    scale = anatomy.heart
    parts = (
        ((x - 22) / (HEART_MM * scale)) ** 2
        + ((y + 22) / (42 * scale)) ** 2
        + ((z - 0.36 * anatomy.height_mm) / (52 * scale)) ** 2
    )
    inside: Field = (1 - np.sqrt(parts)) * 42 * scale
    return inside.astype(np.float32)


def _tube(
    y: Field, x: Field, *, centre: tuple[Field | float, Field | float], radius_mm: float
) -> Field:
    return np.asarray(radius_mm - np.hypot(y - centre[0], x - centre[1]), np.float32)


def _great_vessels(anatomy: Anatomy, at: Where) -> Field:
    """Signed distance: descending and ascending aorta, aortic arch and superior vena cava."""
    z, y, x = at
    scale = anatomy.heart
    descending = _tube(y, x, centre=(48.0, 20.0), radius_mm=12 * scale)
    ascending = np.minimum(
        _tube(y, x, centre=(-18.0, -10.0), radius_mm=15 * scale),
        np.minimum(z - 0.4 * anatomy.height_mm, 0.74 * anatomy.height_mm - z),
    )
    along = np.clip((y + 18) / 66, 0, 1)
    arch = 11 * scale - np.hypot(z - 0.74 * anatomy.height_mm, x - (30 * along - 10))
    arch = np.minimum(arch, np.minimum(y + 30, 60 - y))
    cava = _tube(y, x, centre=(-16.0, -32.0), radius_mm=9 * scale)
    upper = np.minimum(np.maximum(arch, cava), 0.92 * anatomy.height_mm - z)
    lower = np.minimum(descending, 0.74 * anatomy.height_mm - z)
    inside: Field = np.maximum(np.maximum(lower, upper), ascending)
    return inside.astype(np.float32)


def _airways(anatomy: Anatomy, at: Where) -> Field:
    """Signed distance: trachea and the two main bronchi."""
    z, y, x = at
    carina = 0.62 * anatomy.height_mm
    trachea = np.minimum(_tube(y, x, centre=(14.0, -2.0), radius_mm=9), z - carina)
    below = np.maximum(carina - z, 0)
    bronchi = np.maximum(
        _tube(y, x, centre=(14.0, 0.9 * below), radius_mm=6.5),
        _tube(y, x, centre=(14.0, -0.7 * below), radius_mm=7),
    )
    bronchi = np.minimum(bronchi, np.minimum(z - carina + 45, carina + 4 - z))
    inside: Field = np.maximum(trachea, bronchi)
    return inside.astype(np.float32)


def wave_field(grid: Grid, rng: np.random.Generator, *, wave_mm: float) -> Field:
    """Return a smooth random field of unit variance: the sum of four plane waves."""
    total = np.zeros(grid.shape, np.float32)
    for _ in range(4):
        direction = rng.normal(size=3)
        k = direction / np.linalg.norm(direction) * 2 * np.pi / wave_mm
        phase = rng.uniform(0, 2 * np.pi)
        plane = np.exp(1j * (k[1] * grid.y[:, None] + k[2] * grid.x[None] + phase))
        along = np.exp(1j * k[0] * grid.z)
        plane, along = plane.astype(np.complex64), along.astype(np.complex64)
        total += along.real[:, None, None] * plane.real - along.imag[:, None, None] * plane.imag
    field: Field = total / np.float32(np.sqrt(2))
    return field


def _vessels(anatomy: Anatomy, grid: Grid, depth: Field) -> Field:
    """Return the share of vessel: tubes where two smooth random fields are 0, thinner outwards."""
    rng = np.random.default_rng(anatomy.vessel_seed)
    wave = 42.0
    first = wave_field(grid, rng, wave_mm=wave)
    second = wave_field(grid, rng, wave_mm=wave)
    distance = np.sqrt(first**2 + second**2) * np.float32(wave / (2 * np.pi))
    radius = np.clip(0.6 + 0.09 * depth, 0.5, 4.0)
    voxel = np.float32(grid.spacing_mm[1])
    thin = np.clip(2 * radius / voxel, 0, 1)
    share: Field = np.clip((radius - distance) / voxel + 0.5, 0, 1) * thin
    return share


def _share(distance: Field, edge_mm: float) -> Field:
    """Return the share of each voxel on the positive side of a surface."""
    share: Field = np.clip(np.float32(0.5) + distance / np.float32(edge_mm), 0, 1)
    return share


def _mix(hu: Field, value: float | Field, share: Field) -> Field:
    return hu + (value - hu) * share


def _bones(anatomy: Anatomy, grid: Grid, radius: Field) -> Field:
    """Return the share of bone: ribs, spine and sternum."""
    z, y, x = grid.at
    edge = grid.spacing_mm[1]
    ring = 5.0 - np.abs(radius - 0.885) * anatomy.depth_mm
    slope = np.cos((z - 0.4 * y) * np.float32(2 * np.pi / 27))
    ribs = _share(ring, edge) * np.clip(0.5 + 2.5 * slope, 0, 1)
    back = 0.62 * anatomy.depth_mm
    spine = _share(_tube(y, x, centre=(back, 0.0), radius_mm=17), edge)
    canal = _share(_tube(y, x, centre=(back + 20, 0.0), radius_mm=8), edge)
    front = 6 - np.abs(y + 0.84 * anatomy.depth_mm)
    sternum = _share(np.minimum(front, 19 - np.abs(x)), edge) * (z > 0.3 * anatomy.height_mm)
    share: Field = np.maximum(np.maximum(ribs, spine * (1 - canal)), sternum)
    return share


def draw(anatomy: Anatomy, grid: Grid, *, inspiration: float, enhancement_hu: float) -> Thorax:
    """Draw a healthy thorax.

    Parameters
    ----------
    anatomy
        Shape of the patient.
    grid
        Positions of the voxels.
    inspiration
        0 (expiration: small lungs, denser by 130 HU) to 1 (full: -870 HU).
    enhancement_hu
        HU that a contrast agent adds to heart and vessels; 0 without.

    Returns
    -------
    Thorax
        float32 HU, about -850 in the lungs, 40 in soft tissue, above 300 in bone.
    """
    _, y, x = grid.at
    edge = grid.spacing_mm[1]
    radius = np.hypot(y / anatomy.depth_mm, x / anatomy.width_mm).astype(np.float32)
    depth = depth_mm(anatomy, grid.at, inspiration=inspiration)
    body = np.broadcast_to(_share((1 - radius) * anatomy.depth_mm, edge), grid.shape)
    below = y - anatomy.depth_mm - 4 + 0.0008 * x**2
    table = _share(np.minimum(below, np.minimum(10 - below, 170 - np.abs(x))), edge)
    hu = _mix(np.full(grid.shape, AIR_HU, np.float32), TABLE_HU, table)
    hu = _mix(hu, FAT_HU, body)
    hu = _mix(hu, MUSCLE_HU, _share((0.94 - radius) * anatomy.depth_mm, edge))
    hu = _mix(hu, SOFT_HU, _share((0.84 - radius) * anatomy.depth_mm, edge))
    bones = _bones(anatomy, grid, radius)
    hu = _mix(hu, 420.0 + 130 * np.clip(bones - 0.5, 0, 1), bones)
    lung = _share(depth, edge)
    gravity = 25.0 * y / np.float32(anatomy.depth_mm)
    lung_hu = LUNG_HU - 20 + EXPIRATION_HU * (1 - inspiration) + gravity
    hu = _mix(hu, lung_hu, lung)
    blood = SOFT_HU + enhancement_hu
    hu = _mix(hu, blood - 0.15 * enhancement_hu, lung * _vessels(anatomy, grid, depth))
    hu = _mix(hu, blood, _share(_heart(anatomy, grid.at), edge))
    hu = _mix(hu, blood, _share(_great_vessels(anatomy, grid.at), edge))
    hu = _mix(hu, AIR_HU, _share(_airways(anatomy, grid.at), edge))
    return Thorax(hu.astype(np.float32), lung, body)
