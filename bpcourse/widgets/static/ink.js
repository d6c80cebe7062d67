// What bpcourse.widgets.ink does, in the same order: strokes to the 8×8 that a network sees.
// A stroke is a list of places [x, y], y downwards, in any unit.

const SIDE = 32,
  WIDE = 20,
  HIGH = 32,
  STRETCH = 1.5,
  FLAT = 4,
  INK = 307;
const PENS = Array.from({ length: 8 }, (_, k) => 1.5 + 0.5 * k);

function fitted(strokes, pen) {
  const ends = [0, 1].map((axis) => {
    const places = strokes.flatMap((stroke) => stroke.map((place) => place[axis]));
    return [Math.min(...places), Math.max(...places)];
  });
  const [width, height] = ends.map(([low, high]) => high - low);
  let across = width ? (WIDE - 2 * pen) / width : Infinity;
  let down = height ? (HIGH - 2 * pen) / height : Infinity;
  if (!width && !height) across = down = 1;
  across = Math.min(across, STRETCH * down);
  down = Math.min(down, FLAT * across);
  const [x, y] = ends.map(([low, high]) => (low + high) / 2);
  return strokes.map((stroke) =>
    stroke.map((place) => [(place[0] - x) * across + SIDE / 2, (place[1] - y) * down + SIDE / 2]),
  );
}

// The square of the distance from the middle of every pixel to the nearest stroke.
function distances(strokes) {
  const nearest = new Float64Array(SIDE * SIDE).fill(Infinity);
  for (const stroke of strokes) {
    for (let k = 0; k < Math.max(stroke.length - 1, 1); k++) {
      const [left, top] = stroke[k],
        [right, bottom] = stroke[k + 1] ?? stroke[k];
      const dx = right - left,
        dy = bottom - top,
        length = dx * dx + dy * dy || 1;
      for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
        let x = (pixel % SIDE) + 0.5 - left,
          y = Math.floor(pixel / SIDE) + 0.5 - top;
        const along = Math.min(Math.max((x * dx + y * dy) / length, 0), 1);
        x -= along * dx;
        y -= along * dy;
        nearest[pixel] = Math.min(nearest[pixel], x * x + y * y);
      }
    }
  }
  return nearest;
}

// The pixels of ink in each block of 4×4: 64 whole numbers from 0 to 16, row by row.
export function counts(strokes) {
  let ink = [];
  for (const pen of PENS) {
    ink = Array.from(distances(fitted(strokes, pen)), (distance) => distance <= pen * pen);
    if (ink.filter(Boolean).length >= INK) break;
  }
  const blocks = Array.from({ length: 64 }, () => 0);
  ink.forEach((black, pixel) => {
    const row = Math.floor(pixel / SIDE / 4),
      column = Math.floor((pixel % SIDE) / 4);
    blocks[8 * row + column] += black ? 1 : 0;
  });
  return blocks;
}

// ŷ of a network, a list of layers as bpcourse.widgets.pad writes them, for one x.
export function answer(layers, x) {
  return layers.reduce((a, layer) => {
    if (layer.kind === "linear") {
      return layer.W.map((row, i) => row.reduce((z, w, j) => z + w * a[j], 0) + layer.b[i]);
    }
    if (layer.kind === "softmax") return shares(a);
    return a.map((z) => ELEMENTWISE[layer.kind].value([z], layer.slope));
  }, x);
}

export function read(layers, strokes) {
  const image = counts(strokes);
  return {
    image,
    probabilities: answer(
      layers,
      image.map((count) => count / 16),
    ),
  };
}
