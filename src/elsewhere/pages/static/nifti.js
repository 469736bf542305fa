// nifti: a volume of the server: NIfTI-1, not compressed, little endian, uint8 or int16.

const AXES = [0, 1, 2];
const KINDS = {2: Uint8Array, 4: Int16Array};
const MM = 2;

// Throws an Error with a sentence if the bytes are another thing.
export function read(buffer) {
  const header = new DataView(buffer);
  const Kind = buffer.byteLength > 352 && header.getInt32(0, true) === 348 && KINDS[header.getInt16(70, true)];
  if (!Kind) throw new Error('The server sent something that is no volume.');
  const shape = AXES.map((axis) => header.getInt16(42 + 2 * axis, true));
  const voxels = new Kind(buffer, header.getFloat32(108, true), shape[0] * shape[1] * shape[2]);
  const known = header.getInt16(254, true) > 0;
  const toRas = AXES.map((row) => [0, 1, 2, 3].map((at) => header.getFloat32(280 + 16 * row + 4 * at, true)));
  return {
    shape,
    voxels,
    strides: [1, shape[0], shape[0] * shape[1]],
    spacing: AXES.map((axis) => header.getFloat32(80 + 4 * axis, true)),
    toScale: (header.getUint8(123) & 7) === MM,
    toRas: known ? toRas : null,
    ...turned(known ? toRas : null),
  };
}

// Say whether each axis runs along one of the patient, and which of them the other way round:
// stored volumes run from right to left, from front to back and from feet to head.
function turned(toRas) {
  const plain = {oriented: false, reversed: [false, false, false]};
  if (!toRas) return plain;
  const lead = AXES.map((axis) => AXES.reduce((a, b) => (Math.abs(toRas[b][axis]) > Math.abs(toRas[a][axis]) ? b : a)));
  if (AXES.some((axis) => lead[axis] !== axis)) return plain;
  return {oriented: true, reversed: [toRas[0][0] > 0, toRas[1][1] > 0, toRas[2][2] < 0]};
}

// Where a voxel is in the patient: mm to the left, to the back and to the head.
export function millimetres(volume, at) {
  const along = volume.toRas.map((row) => row[0] * at[0] + row[1] * at[1] + row[2] * at[2] + row[3]);
  return [-along[0], -along[1], along[2]];
}

// The least and the largest value.
export function range(volume) {
  let low = Infinity;
  let high = -Infinity;
  const {voxels} = volume;
  for (let at = 0; at < voxels.length; at++) { // an iterator would take ten times as long
    if (voxels[at] < low) low = voxels[at];
    if (voxels[at] > high) high = voxels[at];
  }
  return [low, high];
}
