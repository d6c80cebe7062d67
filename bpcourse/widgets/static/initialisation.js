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
// scale · A @ W.T. Eight sums at once, four in each of two rows: a sum waits for each of its
// additions, and what is read serves more than one.
const times = (A, W, scale) => {
  const Z = new Float64Array(A.length);
  for (let r = 0; r < A.length; r += 2 * WIDTH)
    for (let i = 0; i < WIDTH; i += 4) {
      const at = i * WIDTH;
      let p = 0,
        q = 0,
        s = 0,
        t = 0;
      let pp = 0, // of the second row
        qq = 0,
        ss = 0,
        tt = 0;
      for (let j = 0; j < WIDTH; j++) {
        const a = A[r + j],
          aa = A[r + WIDTH + j];
        const u = W[at + j],
          v = W[at + WIDTH + j],
          w = W[at + 2 * WIDTH + j],
          x = W[at + 3 * WIDTH + j];
        p += a * u;
        q += a * v;
        s += a * w;
        t += a * x;
        pp += aa * u;
        qq += aa * v;
        ss += aa * w;
        tt += aa * x;
      }
      const to = r + i,
        below = to + WIDTH;
      Z[to] = scale * p;
      Z[to + 1] = scale * q;
      Z[to + 2] = scale * s;
      Z[to + 3] = scale * t;
      Z[below] = scale * pp;
      Z[below + 1] = scale * qq;
      Z[below + 2] = scale * ss;
      Z[below + 3] = scale * tt;
    }
  return Z;
};
// A unit's slope from its value: another exponential would take as long as half a product.
const SLOPES = {
  logistic: (a) => a * (1 - a),
  tanh: (a) => 1 - a * a,
  ReLU: (a) => (a > 0 ? 1 : 0),
};

FIGURES.initialisation = {
  outcome({ kind, scale, depth }) {
    const { x, top, W, turned } = given(),
      unit = unitOf(kind),
      spread = scale / Math.sqrt(WIDTH);
    const [as, up, down] = [[], [], []];
    for (let l = 0; l < depth; l++) {
      as.push(valuesOf(unit, times(as[l - 1] ?? x, W[l], spread)));
      up.push(rms(as[l]));
    }
    const slope = SLOPES[kind];
    let grad = top;
    for (let l = depth - 1; l >= 0; l--) {
      down[l] = rms(grad);
      if (!l) break;
      const a = as[l],
        delta = new Float64Array(a.length);
      for (let k = 0; k < a.length; k++) delta[k] = grad[k] * slope(a[k]);
      grad = times(delta, turned[l], spread);
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
