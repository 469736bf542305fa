// plane: one cut through a volume along two of its axes, drawn voxel by voxel.
//
// A canvas has as many pixels as the cut has voxels; the browser stretches it to its proportions
// in mm. So a pixel of the canvas is the grey of one voxel, and a map of other voxels lies over it.

export const PLANES = [
  {name: 'Axial', seen: 'from the feet', across: 0, down: 1, through: 2, marks: ['R', 'L', 'A', 'P']},
  {name: 'Coronal', seen: 'from the front', across: 0, down: 2, through: 1, marks: ['R', 'L', 'S', 'I']},
  {name: 'Sagittal', seen: 'from the left', across: 1, down: 2, through: 0, marks: ['A', 'P', 'S', 'I']},
];

// Whether the voxels of an axis are drawn in the other order: heads are up.
function backwards(volume, axis, vertical) {
  return (vertical && axis === 2) !== volume.reversed[axis];
}

// Which voxel of an axis is drawn at a pixel, and the other way round.
export function turn(volume, axis, vertical, at) {
  return backwards(volume, axis, vertical) ? volume.shape[axis] - 1 - at : at;
}

function steps(volume, axis, vertical) {
  const count = volume.shape[axis];
  return Int32Array.from({length: count}, (_, at) => volume.strides[axis] * turn(volume, axis, vertical, at));
}

// Draw the cut at a slice; `colours` holds the colour of each value, from `first` on.
export function draw(canvas, volume, plane, {slice, colours, first}) {
  const across = steps(volume, plane.across, false);
  const down = steps(volume, plane.down, true);
  const {voxels} = volume;
  const start = volume.strides[plane.through] * slice;
  if (canvas.width !== across.length || canvas.height !== down.length) {
    canvas.width = across.length;
    canvas.height = down.length;
  }
  const context = canvas.getContext('2d');
  const image = context.createImageData(across.length, down.length);
  const pixels = new Uint32Array(image.data.buffer);
  let pixel = 0;
  for (let row = 0; row < down.length; row++) {
    const at = start + down[row];
    for (let column = 0; column < across.length; column++) pixels[pixel++] = colours[voxels[at + across[column]] - first];
  }
  context.putImageData(image, 0, 0);
}

// The greys of a window: black up to `low`, white from `high` on.
export function greys(volume, low, high) {
  const {first, count} = values(volume);
  const found = new Uint32Array(count);
  for (let at = 0; at < count; at++) {
    const grey = Math.floor(Math.min(1, Math.max(0, (first + at - low) / (high - low))) * 255 + 0.5);
    found[at] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
  }
  return {colours: found, first};
}

function values(volume) {
  return volume.voxels instanceof Uint8Array ? {first: 0, count: 256} : {first: -32768, count: 65536};
}

// matplotlib's "inferno", as in the figures of the report
const INFERNO = [[0, 0, 4], [31, 12, 72], [85, 15, 109], [136, 34, 106], [186, 54, 85], [227, 89, 51], [249, 140, 10], [249, 201, 50], [252, 255, 164]];
const BLUE = [74, 147, 207];

// The colours of a map; the larger its value, the less of the picture is seen through it.
export function heat(against) {
  const found = new Uint32Array(256);
  for (let value = 0; value < 256; value++) {
    const [red, green, blue] = against ? BLUE : blended((value / 255) * (INFERNO.length - 1));
    found[value] = (value << 24) | (blue << 16) | (green << 8) | red;
  }
  return {colours: found, first: 0};
}

function blended(place) {
  const at = Math.min(Math.floor(place), INFERNO.length - 2);
  return INFERNO[at].map((level, colour) => Math.round(level + (place - at) * (INFERNO[at + 1][colour] - level)));
}
