// The chain rule under a microscope: the frames have the size of the push.

const INNER = {
  "s²": [(s) => s * s, (s) => 2 * s],
  "sin s": [Math.sin, Math.cos],
  eˢ: [Math.exp, Math.exp],
};
const OUTER = {
  "10/u": [(u) => 10 / u, (u) => -10 / (u * u)],
  "u³": [(u) => u * u * u, (u) => 3 * (u * u)],
  "sin u": [Math.sin, Math.cos],
};
const LENS = 1.4; // a frame reaches so many pushes to each side

FIGURES.chain = {
  outcome({ inner, outer, s, ds }) {
    const [[g, slope], [h, slopeAbove]] = [INNER[inner], OUTER[outer]];
    const u = g(s),
      moved = g(s + ds);
    if (outer === "10/u" && u * moved <= 0) return { refused: true, says: "pole", u, moved };
    const [du, df, du_ds, df_du] = [moved - u, h(moved) - h(u), slope(s), slopeAbove(u)];
    const product = du_ds * df_du;
    return { says: "push_says", u, moved, du, df, du_ds, df_du, ratio: df / ds, product };
  },
  build({ plot, add, data: { labels } }) {
    const first = plot({ title: labels.u_axis, across: labels.s_axis, ratio: 0.7 });
    const second = plot({ title: labels.f_axis, across: labels.u_axis, ratio: 0.7 });
    add(
      legend([
        ["value", labels.curve],
        ["slope", labels.tangent],
      ]),
    );
    const lens = (panel, [f, slopeOf], at, push, change) => {
      const width = Math.abs(push) || 1,
        value = f(at),
        slope = slopeOf(at);
      const height = Math.max(Math.abs(change), Math.abs(slope * push)) || width;
      const places = grid(at - LENS * width, at + LENS * width, 141);
      const seen = (y) => (Math.abs(y - value) < 5 * height ? y : NaN); // no line at a pole
      panel.show({
        x: [at - LENS * width, at + LENS * width],
        y: [value - LENS * height, value + LENS * height],
        marks: [
          { kind: "curve", look: "value", points: places.map((x) => [x, seen(f(x))]) },
          {
            kind: "curve",
            look: "slope",
            points: places.map((x) => [x, value + slope * (x - at)]),
          },
          {
            kind: "curve",
            look: "quiet",
            points: [
              [at, value],
              [at + push, value],
            ],
          },
          {
            kind: "arrow",
            look: "value",
            from: [at + push, value],
            to: [at + push, value + change],
          },
          { kind: "dot", look: "value", at: [at, value] },
          { kind: "dot", look: "value", at: [at + push, value + change] },
        ],
      });
    };
    return ({ inner, outer, s, ds }, { u, du, df }) => {
      lens(first, INNER[inner], s, ds, du);
      lens(second, OUTER[outer], u, du, df);
    };
  },
};
