// How far signals and gradients reach through a random deep network of rows of examples.

const [WIDTH, BATCH, DEEPEST] = [64, 32, 30];
let drawn = null; // x, the gradient at the top, and weights of spread 1: one draw for every figure
const given = () => {
  if (drawn) return drawn;
  const { normal } = draws(0);
  const [x, top] = [normal(BATCH * WIDTH), normal(BATCH * WIDTH)];
  const W = Array.from({ length: DEEPEST }, () => normal(WIDTH * WIDTH));
  const turned = W.map((one) =>
    one.map((_, k) => one[(k % WIDTH) * WIDTH + Math.floor(k / WIDTH)]),
  );
  drawn = { x, top, W, turned };
  return drawn;
};
const rms = (numbers) => {
  let total = 0;
  for (const x of numbers) total += x * x;
  return Math.sqrt(total / numbers.length);
};
// scale · A @ W.T. Four sums at once, because a sum waits for each of its additions.
const times = (A, W, scale) => {
  const Z = new Float64Array(A.length);
  for (let r = 0; r < A.length; r += WIDTH)
    for (let i = 0; i < WIDTH; i += 4) {
      const at = i * WIDTH;
      let p = 0,
        q = 0,
        s = 0,
        t = 0;
      for (let j = 0; j < WIDTH; j++) {
        const a = A[r + j];
        p += a * W[at + j];
        q += a * W[at + WIDTH + j];
        s += a * W[at + 2 * WIDTH + j];
        t += a * W[at + 3 * WIDTH + j];
      }
      Z[r + i] = scale * p;
      Z[r + i + 1] = scale * q;
      Z[r + i + 2] = scale * s;
      Z[r + i + 3] = scale * t;
    }
  return Z;
};

FIGURES.initialisation = {
  outcome({ kind, scale, depth }) {
    const { x, top, W, turned } = given(),
      unit = unitOf(kind),
      spread = scale / Math.sqrt(WIDTH);
    const [zs, up, down] = [[], [], []];
    let a = x;
    for (let l = 0; l < depth; l++) {
      zs.push(times(a, W[l], spread));
      a = zs[l].map(unit.value);
      up.push(rms(a));
    }
    let grad = top;
    for (let l = depth - 1; l >= 0; l--) {
      down[l] = rms(grad);
      grad = times(
        grad.map((g, k) => g * unit.slope(zs[l][k])),
        turned[l],
        spread,
      );
    }
    return { says: "reach_says", up, down, top: up[depth - 1], bottom: down[0], spread };
  },
  build({ plot, add, data: { labels } }) {
    add(
      legend([
        ["value", labels.sizes_up],
        ["slope", labels.sizes_down],
      ]),
    );
    const sizes = plot({ title: labels.size, across: labels.layer, ratio: 0.45 });
    const ends = [1e-12, 1e12];
    const kept = (size) => Math.min(Math.max(size, ends[0]), ends[1]);
    return ({ depth }, found) => {
      const line = (look, all) => {
        const points = all.map((size, l) => [l + 1, kept(size)]);
        return [
          { kind: "curve", look, points },
          { kind: "dots", look, places: points, size: 4 },
        ];
      };
      sizes.show({
        x: [0.5, depth + 0.5],
        y: ends,
        ylog: true,
        marks: [
          { kind: "line", y: 1, look: "quiet" },
          ...line("value", found.up),
          ...line("slope", found.down),
        ],
      });
    };
  },
};
