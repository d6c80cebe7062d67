// A classifier of two classes with softmax and cross-entropy, and its training, as the package does
// it: rows are examples, the mean over the batch is taken in the loss alone.

// A layer on rows: A (batch × n_in) gives Z (batch × n_out), each in one array, row after row.
const affine = (A, { W, b, n_in, n_out }) => {
  const Z = new Float64Array((A.length / n_in) * n_out);
  for (let at = 0, k = 0; k < Z.length; at += n_in)
    for (let i = 0, w = 0; i < n_out; i++, k++) {
      let total = 0;
      for (let j = 0; j < n_in; j++, w++) total += A[at + j] * W[w];
      Z[k] = total + b[i];
    }
  return Z;
};
// layers: [{W (n_out × n_in), b, n_in, n_out}], a unit between them. X: rows as one array.
export function forwardPass(layers, unit, X) {
  const zs = [],
    as = [new Float64Array(X)]; // the loops are fast on arrays of one kind
  layers.forEach((layer, l) => {
    zs.push(affine(as[l], layer));
    if (l < layers.length - 1) as.push(valuesOf(unit, zs[l]));
  });
  return { zs, as, logits: zs.at(-1) };
}
// Of two classes the softmax of one is σ of its logit less the other's.
export const sharesOfOne = (logits) => {
  const found = new Float64Array(logits.length / 2);
  for (let r = 0; r < found.length; r++) found[r] = sigma(logits[2 * r + 1] - logits[2 * r]);
  return found;
};

// The mean loss of these rows, its gradients layer by layer, and the logits.
export function lossAndGradients(layers, unit, X, y) {
  const { zs, as, logits } = forwardPass(layers, unit, X);
  let loss = 0,
    delta = new Float64Array(logits.length);
  y.forEach((label, r) => {
    const [own, other] = [2 * r + label, 2 * r + 1 - label];
    const behind = logits[other] - logits[own];
    loss += softplus(behind) / y.length; // −ln of the share of the class that is right
    delta[other] = sigma(behind) / y.length;
    delta[own] = -delta[other];
  });
  const grads = [];
  for (let l = layers.length - 1; l >= 0; l--) {
    const { W, n_in, n_out } = layers[l],
      A = as[l];
    const [dW, db, dA] = [W.length, n_out, A.length].map((size) => new Float64Array(size));
    for (let at = 0, k = 0; k < delta.length; at += n_in)
      for (let i = 0, w = 0; i < n_out; i++, k++) {
        db[i] += delta[k];
        for (let j = 0; j < n_in; j++, w++) {
          dW[w] += delta[k] * A[at + j];
          dA[at + j] += delta[k] * W[w];
        }
      }
    grads[l] = { W: dW, b: db };
    if (!l) break;
    delta = slopesOf(unit, zs[l - 1]);
    for (let k = 0; k < delta.length; k++) delta[k] *= dA[k];
  }
  return { loss, grads, logits };
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
