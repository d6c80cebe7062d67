// The arithmetic of a program (bpcourse.widgets.program), in double precision, without a page.
// Every operation's value stands beside its slopes, as in the package.

const sigma = (z) => {
  const e = Math.exp(-Math.abs(z));
  return (z < 0 ? e : 1) / (1 + e);
};
const sigmaSlope = (z) => {
  const e = Math.exp(-Math.abs(z));
  return e / (1 + e) ** 2;
};
const sum = (list) => list.reduce((total, x) => total + x, 0);
const shares = (z) => {
  const top = Math.max(...z),
    e = z.map((x) => Math.exp(x - top)),
    total = sum(e);
  return e.map((x) => x / total);
};
const unary = (f, slope) => ({
  value: ([x]) => f(x),
  slopes: ([x]) => [slope(x)],
  unit: { value: f, slope },
});
const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
// The normal distribution, at and up to z: a series near 0, a continued fraction beyond, to 1e-13.
const bell = (z) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
const upTo = (z) => {
  const x = Math.abs(z);
  let tail;
  if (x < 2.5) {
    let term = x,
      total = x;
    for (let n = 1; n < 60; n++) total += term *= (x * x) / (2 * n + 1);
    tail = 0.5 - bell(x) * total;
  } else {
    let below = x;
    for (let n = 100; n > 0; n--) below = x + n / below;
    tail = bell(x) / below;
  }
  return z < 0 ? tail : 1 - tail;
};

// Losses of one example: args are ŷ (or z) and then y; slopes with respect to the first half.
const half = (args) => [args.slice(0, args.length / 2), args.slice(args.length / 2)];
const rival = (s, label) =>
  s.reduce((best, x, c) => (c !== label && (best < 0 || x > s[best]) ? c : best), -1);
const LOSSES = {
  "squared error": {
    value: (args, p) => {
      const [a, y] = half(args);
      return p.factor * sum(a.map((x, k) => (x - y[k]) ** 2));
    },
    slopes: (args, p) => {
      const [a, y] = half(args);
      return a.map((x, k) => 2 * p.factor * (x - y[k]));
    },
  },
  norm: {
    value: (args) => {
      const [a, y] = half(args);
      return Math.hypot(...a.map((x, k) => x - y[k]));
    },
    slopes: (args) => {
      const [a, y] = half(args),
        length = Math.hypot(...a.map((x, k) => x - y[k])) || 1;
      return a.map((x, k) => (x - y[k]) / length);
    },
  },
  "cross-entropy": {
    value: (args) => {
      const [a, y] = half(args);
      return -sum(a.map((x, k) => (y[k] ? y[k] * Math.log(x) : 0)));
    },
    slopes: (args) => {
      const [a, y] = half(args);
      return a.map((x, k) => (y[k] ? -y[k] / x : 0));
    },
  },
  "softmax cross-entropy": {
    value: (args) => {
      const [z, y] = half(args),
        top = Math.max(...z);
      const log = Math.log(sum(z.map((x) => Math.exp(x - top))));
      return -sum(z.map((x, k) => y[k] * (x - top - log)));
    },
    slopes: (args) => {
      const [z, y] = half(args);
      return shares(z).map((p, k) => p - y[k]);
    },
  },
  "binary cross-entropy": {
    value: (args) => {
      const [z, y] = half(args);
      return sum(z.map((x, k) => y[k] * softplus(-x) + (1 - y[k]) * softplus(x)));
    },
    slopes: (args) => {
      const [z, y] = half(args);
      return z.map((x, k) => sigma(x) - y[k]);
    },
  },
  margin: {
    value: (args) => {
      const [s, y] = half(args),
        label = y.indexOf(Math.max(...y));
      return Math.max(0, 1 - s[label] + s[rival(s, label)]);
    },
    slopes: (args) => {
      const [s, y] = half(args),
        label = y.indexOf(Math.max(...y)),
        other = rival(s, label);
      const active = 1 - s[label] + s[other] > 0 ? 1 : 0;
      return s.map((_, k) => (k === other ? active : k === label ? -active : 0));
    },
  },
};

// Entry by entry: value(args, p) and slopes(args, p) of single numbers; p is the node's detail.
const ELEMENTWISE = {
  "+": { value: ([x, y]) => x + y, slopes: () => [1, 1] },
  "−": { value: ([x, y]) => x - y, slopes: () => [1, -1] },
  "×": { value: ([x, y]) => x * y, slopes: ([x, y]) => [y, x] },
  "÷": { value: ([x, y]) => x / y, slopes: ([x, y]) => [1 / y, -x / y ** 2] },
  neg: unary(
    (x) => -x,
    () => -1,
  ),
  power: {
    value: ([x], n) => x ** n,
    slopes: ([x], n) => [n * x ** (n === 0 ? 1 : n - 1)],
  },
  "^": {
    value: ([x, n]) => x ** n,
    slopes: ([x, n]) => [n * x ** (n - 1), x ** n * Math.log(x)],
  },
  exp: unary(Math.exp, Math.exp),
  log: unary(Math.log, (x) => 1 / x),
  tanh: unary(Math.tanh, (z) => {
    const e = Math.exp(-Math.abs(z)) ** 2;
    return (4 * e) / (1 + e) ** 2;
  }),
  σ: unary(sigma, sigmaSlope),
  relu: unary(
    (z) => Math.max(z, 0),
    (z) => (z > 0 ? 1 : 0),
  ),
  "leaky relu": {
    value: ([z], slope) => (z > 0 ? z : slope * z),
    slopes: ([z], slope) => [z > 0 ? 1 : slope],
  },
  softplus: unary(softplus, sigma),
  silu: unary(
    (z) => z * sigma(z),
    (z) => sigma(z) * (1 + z * sigma(-z)),
  ),
  gelu: unary(
    (z) => z * upTo(z),
    (z) => upTo(z) + z * bell(z),
  ),
  max: {
    value: ([x, y]) => Math.max(x, y),
    slopes: ([x, y]) => (x === y ? [0.5, 0.5] : x > y ? [1, 0] : [0, 1]),
  },
  // A unit: bias, then weight and input by turns.
  affine: {
    value: ([b, ...wx]) => {
      let z = b;
      for (let k = 0; k < wx.length; k += 2) z += wx[k] * wx[k + 1];
      return z;
    },
    slopes: ([, ...wx]) => [1, ...wx.map((_, k) => wx[k ^ 1])],
  },
  softmax: {
    value: (z, k) => shares(z)[k],
    slopes: (z, k) => {
      const y = shares(z);
      return y.map((x, c) => y[k] * ((c === k ? 1 : 0) - x));
    },
  },
  ...LOSSES,
};

// Whole arrays: value(args, node) and pull(args, node, value, upstream), one array for each parent.
const fill = (n, f) => Float64Array.from({ length: n }, (_, k) => f(k));
const WHOLE = {
  "@": {
    value: ([A, B], { detail: [n, m, k] }) =>
      fill(n * k, (at) => {
        let total = 0;
        for (let j = 0; j < m; j++) total += A[Math.floor(at / k) * m + j] * B[j * k + (at % k)];
        return total;
      }),
    pull: ([A, B], { detail: [n, m, k] }, _, up) => {
      const a = new Float64Array(n * m),
        b = new Float64Array(m * k);
      for (let r = 0; r < n; r++)
        for (let j = 0; j < m; j++)
          for (let c = 0; c < k; c++) {
            a[r * m + j] += up[r * k + c] * B[j * k + c];
            b[j * k + c] += A[r * m + j] * up[r * k + c];
          }
      return [a, b];
    },
  },
  take: {
    // detail: for each entry of the result the one it is a copy of
    value: ([A], { detail }) => fill(detail.length, (k) => A[detail[k]]),
    pull: ([A], { detail }, _, up) => {
      const a = new Float64Array(A.length);
      detail.forEach((from, k) => {
        a[from] += up[k];
      });
      return [a];
    },
  },
  sum: {
    value: ([A], node) => groups(A, node).map(sum),
    pull: ([A], { detail }, _, up) => [fill(A.length, (k) => up[detail[k]])],
  },
  mean: {
    value: ([A], node) => groups(A, node).map((group) => sum(group) / group.length),
    pull: ([A], { detail, size }, _, up) => [
      fill(A.length, (k) => (up[detail[k]] * size) / A.length),
    ],
  },
  largest: {
    value: ([A], node) => groups(A, node).map((group) => Math.max(...group)),
    pull: ([A], node, value, up) => {
      const ties = groups(A, node).map((group, k) => group.filter((x) => x === value[k]).length);
      return [
        fill(A.length, (k) => {
          const group = node.detail[k];
          return A[k] === value[group] ? up[group] / ties[group] : 0;
        }),
      ];
    },
  },
  "row softmax": {
    // detail: columns
    value: ([Z], node) => inRows(Z, node).flatMap(shares),
    pull: (_, node, value, up) => {
      const above = inRows(up, node);
      return [
        Float64Array.from(
          inRows(value, node).flatMap((y, r) => {
            const mean = sum(y.map((share, c) => share * above[r][c]));
            return y.map((share, c) => share * (above[r][c] - mean));
          }),
        ),
      ];
    },
  },
  rows: {
    // a loss of every row, added up and scaled
    value: ([A, Y], { detail: p }) => [
      p.scale * sum(eachRow(A, Y, p).map((args) => LOSSES[p.loss].value(args, p))),
    ],
    pull: ([A, Y], { detail: p }, _, up) => [
      Float64Array.from(
        eachRow(A, Y, p).flatMap((args) =>
          LOSSES[p.loss].slopes(args, p).map((s) => up[0] * p.scale * s),
        ),
      ),
      null,
    ],
  },
};
const groups = (A, node) => {
  // detail: for each entry the result that it goes into
  const found = Array.from({ length: node.size }, () => []);
  A.forEach((x, k) => found[node.detail[k]].push(x));
  return found;
};
const inRows = (A, { detail }) =>
  Array.from({ length: A.length / detail }, (_, r) =>
    Array.from(A.slice(r * detail, (r + 1) * detail)),
  );
const eachRow = (A, Y, p) =>
  Array.from({ length: A.length / p.columns }, (_, r) => {
    const slice = (M) => Array.from(M.slice(r * p.columns, (r + 1) * p.columns));
    return [...slice(A), ...slice(Y)];
  });

const argsAt = (node, args, k) => args.map((a, s) => a[node.maps[s] ? node.maps[s][k] : k]);

// leaves: {node id: numbers} in place of those of the program. Everything comes back by node id:
// values, grads (null where nothing arrives), and for each slot contributions and locals.
export function compute(program, leaves = {}) {
  const { nodes, root } = program;
  const values = [],
    locals = nodes.map(() => []),
    contributions = nodes.map(() => []);
  nodes.forEach((node, id) => {
    const args = node.parents.map((parent) => values[parent]);
    if (!node.op) values[id] = Float64Array.from(leaves[id] ?? node.value);
    else if (WHOLE[node.op]) values[id] = Float64Array.from(WHOLE[node.op].value(args, node));
    else
      values[id] = fill(node.size, (k) =>
        ELEMENTWISE[node.op].value(argsAt(node, args, k), node.detail),
      );
  });
  const grads = nodes.map(() => null);
  grads[root] = new Float64Array([1]);
  for (let id = root; id >= 0; id--) {
    const node = nodes[id],
      up = grads[id];
    if (!node.op || !up) continue;
    const args = node.parents.map((parent) => values[parent]);
    if (WHOLE[node.op]) contributions[id] = WHOLE[node.op].pull(args, node, values[id], up);
    else {
      const slopes = Array.from(up, (_, k) =>
        ELEMENTWISE[node.op].slopes(argsAt(node, args, k), node.detail),
      );
      locals[id] = slopes[0].map((_, s) => Float64Array.from(slopes, (row) => row[s]));
      contributions[id] = locals[id].map((local, s) => {
        const share = new Float64Array(values[node.parents[s]].length);
        local.forEach((slope, k) => {
          share[node.maps[s] ? node.maps[s][k] : k] += up[k] * slope;
        });
        return share;
      });
    }
    contributions[id].forEach((share, s) => {
      if (!share) return;
      const parent = node.parents[s];
      grads[parent] = grads[parent] ? grads[parent].map((g, k) => g + share[k]) : share.slice();
    });
  }
  return { values, grads, locals, contributions };
}
