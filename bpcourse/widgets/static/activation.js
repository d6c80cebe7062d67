// An activation with its slope: what a unit makes of z, and of a gradient that comes back.

FIGURES.activation = {
  outcome({ kind, z, upstream }) {
    const f = unitOf(kind),
      slope = f.slope(z);
    return { says: "unit_says", a: f.value(z), slope, delta: upstream * slope };
  },
  build({ plot, set, data: { labels } }) {
    const drag = (z) => set({ z: Math.round(10 * Math.min(Math.max(z, -6), 6)) / 10 });
    const across = labels.z_axis;
    const value = plot({ title: labels.activation_title, across, drag });
    const slope = plot({ title: labels.slope_title, across, drag });
    const passed = plot({ title: labels.gradient, narrow: true, ratio: 1.2 });
    const places = grid(-6, 6, 241);
    return ({ kind, z, upstream }, found) => {
      const f = unitOf(kind);
      const line = (at) => [at, found.a + found.slope * (at - z)];
      value.show({
        x: [-6, 6],
        y: ["logistic", "tanh"].includes(kind) ? [-1.5, 1.5] : [-1.5, 6],
        marks: [
          { kind: "line", y: 0, look: "quiet" },
          { kind: "line", x: z, look: "here" },
          { kind: "curve", look: "value", points: places.map((at) => [at, f.value(at)]) },
          { kind: "curve", look: "slope", points: [line(z - 2), line(z + 2)] },
          { kind: "dot", look: "value", at: [z, found.a] },
        ],
      });
      slope.show({
        x: [-6, 6],
        y: [-0.2, 1.35],
        marks: [
          { kind: "line", y: 0, look: "quiet" },
          { kind: "line", x: z, look: "here" },
          { kind: "curve", look: "slope", points: places.map((at) => [at, f.slope(at)]) },
          { kind: "dot", look: "slope", at: [z, found.slope] },
        ],
      });
      passed.show({
        x: [-0.4, 1.4],
        y: [-2.4, 2.4],
        xticks: [
          [0, labels.from_above],
          [1, labels.passed_on],
        ],
        marks: [
          { kind: "line", y: 0, look: "quiet" },
          { kind: "arrow", look: "slope", from: [0, 0], to: [0, upstream] },
          { kind: "arrow", look: "slope", from: [1, 0], to: [1, found.delta] },
        ],
      });
    };
  },
};
