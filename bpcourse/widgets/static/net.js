// A classifier of two classes with softmax and cross-entropy, and its training, as the package does
// it: rows are examples, the mean over the batch is taken in the loss alone.

// layers: [{W (n_out × n_in), b, n_in, n_out}], a unit between them. X: rows of numbers.
export function forwardPass(layers, unit, X) {
  const zs = [],
    as = [X];
  layers.forEach(({ W, b, n_in, n_out }, l) => {
    const z = as[l].map((a) => {
      const row = new Float64Array(n_out);
      for (let i = 0; i < n_out; i++) {
        let total = 0;
        for (let j = 0; j < n_in; j++) total += a[j] * W[i * n_in + j];
        row[i] = total + b[i];
      }
      return row;
    });
    zs.push(z);
    if (l < layers.length - 1) as.push(z.map((row) => row.map(unit.value)));
  });
  return { zs, as, logits: zs.at(-1) };
}
const logShare = (z, label) => {
  const top = Math.max(z[0], z[1]);
  return z[label] - top - Math.log(Math.exp(z[0] - top) + Math.exp(z[1] - top));
};
export const shareOfOne = (z) => shares(Array.from(z))[1];

// The mean loss of these rows, and its gradients layer by layer.
export function lossAndGradients(layers, unit, X, y) {
  const { zs, as, logits } = forwardPass(layers, unit, X);
  const loss = -sum(logits.map((z, r) => logShare(z, y[r]))) / X.length;
  let delta = logits.map((z, r) =>
    Float64Array.from(shares(Array.from(z)), (p, c) => (p - (c === y[r] ? 1 : 0)) / X.length),
  );
  const grads = [];
  for (let l = layers.length - 1; l >= 0; l--) {
    const { W, n_in, n_out } = layers[l];
    const [dW, db] = [new Float64Array(W.length), new Float64Array(n_out)];
    const below = delta.map((d, r) => {
      const da = new Float64Array(n_in),
        a = as[l][r];
      for (let i = 0; i < n_out; i++) {
        db[i] += d[i];
        for (let j = 0; j < n_in; j++) {
          dW[i * n_in + j] += d[i] * a[j];
          da[j] += d[i] * W[i * n_in + j];
        }
      }
      return da;
    });
    grads[l] = { W: dW, b: db };
    if (l) delta = below.map((da, r) => da.map((x, j) => x * unit.slope(zs[l - 1][r][j])));
  }
  return { loss, grads };
}

// Optimisers: each changes the layers in place, and keeps what it must remember in `state`.
export const RULES = {
  plain: (parameter, grad, rate) => grad.forEach((g, k) => (parameter[k] -= rate * g)),
  momentum: (parameter, grad, rate, state) => {
    state.velocity ??= new Float64Array(grad.length);
    grad.forEach((g, k) => {
      state.velocity[k] = rate * g + 0.9 * state.velocity[k];
      parameter[k] -= state.velocity[k];
    });
  },
  Adam: (parameter, grad, rate, state) => {
    state.mean ??= new Float64Array(grad.length);
    state.square ??= new Float64Array(grad.length);
    state.time = (state.time ?? 0) + 1;
    grad.forEach((g, k) => {
      const mean = (state.mean[k] = 0.9 * state.mean[k] + (1 - 0.9) * g);
      const square = (state.square[k] = 0.999 * state.square[k] + (1 - 0.999) * g * g);
      const [m, v] = [mean / (1 - 0.9 ** state.time), square / (1 - 0.999 ** state.time)];
      parameter[k] -= (rate * m) / (Math.sqrt(v) + 1e-8);
    });
  },
};
