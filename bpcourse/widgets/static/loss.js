// One output unit with its loss: the slope in z that it sends back.

const squared = (kind) => {
  const output = unitOf(kind);
  return (z, y) => {
    const y_hat = output.value(z),
      unit_slope = output.slope(z);
    return {
      y_hat,
      unit_slope,
      value: (y_hat - y) ** 2,
      slope: 2 * (y_hat - y) * unit_slope,
    };
  };
};
const PAIRS = {
  "linear, squared error": squared("linear"),
  "logistic, squared error": squared("logistic"),
  "logistic, cross-entropy": (z, y) => ({
    y_hat: sigma(z),
    unit_slope: sigmaSlope(z),
    value: y * softplus(-z) + (1 - y) * softplus(z),
    slope: sigma(z) - y,
  }),
};

const SHOWN = [-7, 7]; // a unit further than z goes, so that the arrow has room

FIGURES.loss = {
  outcome: ({ pair, z, target }) => ({ says: "loss_says", ...PAIRS[pair](z, target) }),
  build({ plot, set, data: { labels } }) {
    const drag = (z) => set({ z: Math.round(10 * Math.min(Math.max(z, -6), 6)) / 10 });
    const across = labels.z_axis;
    const value = plot({ title: labels.loss_title, across, drag });
    const slope = plot({ title: labels.loss_slope, across, drag });
    const places = grid(...SHOWN, 281);
    return ({ pair, z, target }, found) => {
      const all = places.map((at) => [at, PAIRS[pair](at, target)]);
      const top = Math.max(...all.map(([, one]) => one.value));
      const steepest = Math.max(...all.map(([, one]) => Math.abs(one.slope)));
      // Against the gradient, as long as it is steep, and never too short to be seen.
      const down = z - Math.sign(found.slope) * (0.8 + 2 * Math.abs(found.slope));
      value.show({
        x: SHOWN,
        y: [-0.06 * top, 1.06 * top],
        marks: [
          { kind: "line", y: 0, look: "quiet" },
          { kind: "curve", look: "value", points: all.map(([at, one]) => [at, one.value]) },
          found.slope && {
            kind: "arrow",
            look: "slope",
            from: [z, found.value],
            to: [Math.min(Math.max(down, -7), 7), found.value],
          },
          { kind: "dot", look: "value", at: [z, found.value] },
        ],
      });
      slope.show({
        x: SHOWN,
        y: [-1.1 * steepest, 1.1 * steepest],
        marks: [
          { kind: "line", y: 0, look: "quiet" },
          { kind: "line", x: z, look: "here" },
          { kind: "curve", look: "slope", points: all.map(([at, one]) => [at, one.slope]) },
          { kind: "dot", look: "slope", at: [z, found.slope] },
        ],
      });
    };
  },
};
