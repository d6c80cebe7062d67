// A classifier of points in the plane, trained in the page, with the gradients of its layers.

const BATCH_SIZE = 20,
  MAP = 32, // points along an edge of the map
  FRAME = 2.5, // the map reaches so far from its middle
  PALE = 0.6; // its deepest tone: the examples stand out
const copied = (layers) => layers.map((one) => ({ ...one, W: one.W.slice(), b: one.b.slice() }));

// A run that can be looked at after any epoch; epochs are computed once, when asked for.
export function trainingRun({ X: points, y }, { depth, width, unit: kind, rule, rate }) {
  const unit = unitOf(kind),
    random = draws(0),
    X = points.flat(),
    sizes = [2, ...Array(depth).fill(width), 2];
  const layers = sizes.slice(1).map((n_out, l) => {
    const n_in = sizes[l];
    const he = kind === "ReLU" && l < depth;
    const spread = Math.sqrt(2 / (he ? n_in : n_in + n_out));
    const W = random.normal(n_out * n_in).map((x) => spread * x);
    return { W, b: new Float64Array(n_out), n_in, n_out };
  });
  const states = layers.map(() => ({ W: {}, b: {} }));
  const measure = () => {
    const { loss, grads, logits } = lossAndGradients(layers, unit, X, y);
    const gradients = grads.map(({ W }) => W);
    const roots = gradients.map((W) => Math.sqrt(sum(W.map((g) => g * g)) / W.length));
    const found = sharesOfOne(logits);
    const wrong = y.filter((label, r) => (found[r] > 0.5 ? 1 : 0) !== label).length;
    return { layers: copied(layers), loss, wrong, gradients, sizes: roots };
  };
  const epochs = [measure()];
  const epoch = () => {
    const order = random.order(y.length);
    for (let at = 0; at < order.length; at += BATCH_SIZE) {
      const rows = order.slice(at, at + BATCH_SIZE);
      const { grads } = lossAndGradients(
        layers,
        unit,
        rows.flatMap((r) => points[r]),
        rows.map((r) => y[r]),
      );
      layers.forEach((one, l) => {
        for (const part of ["W", "b"])
          RULES[rule](one[part], grads[l][part], rate, states[l][part]);
      });
    }
    return measure();
  };
  let diverged = 0; // in this epoch
  // Trains up to an epoch, or for `budget` ms.
  const reach = (wanted, budget) => {
    const end = performance.now() + budget;
    while (!diverged && epochs.length <= wanted && performance.now() < end) {
      const next = epoch();
      const totals = next.gradients.map((W) => sum(W.map(Math.abs)));
      if ([next.loss, ...totals].every(Number.isFinite)) epochs.push(next);
      else diverged = epochs.length;
    }
  };
  return {
    unit,
    epochs,
    reach,
    diverged: (wanted) => diverged && wanted >= diverged && diverged,
  };
}

let latest = { key: "" }; // one run at a time: it keeps all its epochs
FIGURES.playground = {
  outcome({ epoch: wanted, ...choice }, { sets }, budget = Infinity) {
    const key = JSON.stringify(choice),
      { y } = sets[choice.data];
    const fresh = latest.key !== key;
    if (fresh) latest = { key, run: trainingRun(sets[choice.data], choice) };
    const { run } = latest;
    // A new network is seen at once, and trained from the next frame on.
    run.reach(wanted, fresh && budget < Infinity ? 0 : budget);
    const diverged = run.diverged(wanted);
    if (diverged) return { refused: true, says: "diverged", epoch: diverged };
    const epoch = Math.min(wanted, run.epochs.length - 1);
    const { loss, wrong, gradients, sizes } = run.epochs[epoch];
    return {
      says: "playground_says",
      epoch,
      losses: run.epochs.slice(0, epoch + 1).map((one) => one.loss),
      gradients: gradients.flatMap((W) => Array.from(W)),
      sizes,
      loss,
      wrong,
      n: y.length,
      first_size: sizes[0],
      last_size: sizes.at(-1),
      ...(epoch < wanted ? { unfinished: true } : {}),
    };
  },
  build({ plot, add, data: { sets, labels, controls } }) {
    const field = colourMap();
    const map = plot({
      title: labels.x2_axis,
      across: labels.x1_axis,
      ratio: 0.95,
      ground: field.root,
    });
    const losses = plot({
      title: labels.loss_title,
      across: labels.epoch,
      narrow: true,
      ratio: 1.3,
    });
    const sizes = plot({
      title: labels.gradient_sizes,
      across: labels.layer,
      narrow: true,
      ratio: 1.3,
    });
    const heats = make("div", { class: "bpc-heats" });
    const told = make("figcaption", {}, labels.gradient_maps);
    add(make("figure", { class: "bpc-panel whole" }, told, heats));
    const most = controls.find(({ name }) => name === "epoch").high;
    const side = grid(-FRAME, FRAME, MAP);
    const places = side.toReversed().flatMap((up) => side.flatMap((across) => [across, up]));
    const showField = ({ layers }, unit) => {
      const found = sharesOfOne(forwardPass(layers, unit, places).logits);
      field.show(
        found.map((share) => PALE * (2 * share - 1)),
        MAP,
      );
    };
    const examples = {}; // drawn once for each set of data
    const dotsOf = ({ X, y }) =>
      ["zero", "one"].map((look, label) => ({
        kind: "dots",
        look,
        places: X.filter((_, r) => y[r] === label),
        size: 3.5,
      }));
    const maps = [];
    const showGradients = ({ layers, gradients }) => {
      while (maps.length < layers.length) {
        const map = heatMap(),
          name = rich("figcaption", labels.gradient_of.replace("{layer}", maps.length + 1));
        const figure = make("figure", {}, name, map.root);
        heats.append(figure);
        maps.push({ ...map, figure });
      }
      maps.forEach(({ figure, show }, l) => {
        hide(figure, l >= layers.length);
        if (l >= layers.length) return;
        const { n_in, n_out } = layers[l];
        const cell = Math.max(4, Math.min(9, Math.floor(110 / Math.max(n_in, n_out))));
        show(gradients[l], n_in, cell);
      });
    };
    return ({ data }, found) => {
      const { run } = latest,
        now = run.epochs[found.epoch],
        ends = [-FRAME, FRAME];
      map.show({
        x: ends,
        y: ends,
        marks: (examples[data] ??= dotsOf(sets[data])),
      });
      losses.show({
        x: [0, most],
        y: [0, Math.max(1, Math.ceil(Math.max(...found.losses)))],
        marks: [
          { kind: "curve", look: "value", points: found.losses.map((loss, k) => [k, loss]) },
          { kind: "dot", look: "value", at: [found.epoch, found.loss] },
        ],
      });
      const points = found.sizes.map((size, l) => [l + 1, Math.min(Math.max(size, 1e-7), 10)]);
      sizes.show({
        x: [0.5, found.sizes.length + 0.5],
        y: [1e-7, 10],
        ylog: true,
        xticks: points.map(([l]) => [l, String(l)]),
        marks: [
          { kind: "curve", look: "slope", points },
          { kind: "dots", look: "slope", places: points },
        ],
      });
      showField(now, run.unit);
      showGradients(now);
    };
  },
};
