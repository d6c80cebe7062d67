// How exact a measured slope is for every step h, in double and in single precision.

// r rounds each result to the precision; `imaginary` is Im f(x + ih), `third` is f'''.
const MEASURED = {
  "eˣ sin x": {
    value: (x, r) => r(r(Math.exp(x)) * r(Math.sin(x))),
    imaginary: (x, h, r) => {
      const [a, b] = [r(Math.exp(x) * Math.cos(h)), r(Math.exp(x) * Math.sin(h))];
      const [c, d] = [r(Math.sin(x) * Math.cosh(h)), r(Math.cos(x) * Math.sinh(h))];
      return r(r(a * d) + r(b * c));
    },
    slope: (x) => Math.exp(x) * (Math.sin(x) + Math.cos(x)),
    third: (x) => 2 * Math.exp(x) * (Math.cos(x) - Math.sin(x)),
  },
  "x³": {
    value: (x, r) => r(r(x * x) * x),
    imaginary: (x, h, r) => {
      const [a, b] = [r(r(x * x) - r(h * h)), r(r(x * h) + r(x * h))];
      return r(r(a * h) + r(b * x));
    },
    slope: (x) => 3 * x * x,
    third: () => 6,
  },
  "1000 + sin x": {
    value: (x, r) => r(1000 + r(Math.sin(x))),
    imaginary: (x, h, r) => r(Math.cos(x) * Math.sinh(h)),
    slope: (x) => Math.cos(x),
    third: (x) => -Math.cos(x),
  },
  "sin 100x": {
    value: (x, r) => r(Math.sin(r(100 * x))),
    imaginary: (x, h, r) => r(Math.cos(r(100 * x)) * Math.sinh(r(100 * h))),
    slope: (x) => 100 * Math.cos(100 * x),
    third: (x) => -1e6 * Math.cos(100 * x),
  },
};
const LARGEST = 1e30;
const measured = ({ value, imaginary }, x, h, r) => ({
  one_sided: r(r(value(r(x + h), r) - value(x, r)) / h),
  central: r(r(value(r(x + h), r) - value(r(x - h), r)) / r(2 * h)),
  complex: r(imaginary(x, h, r) / h),
});
const WAYS = { one_sided: "ink dotted", central: "value", complex: "slope" };
const STEPS = Array.from({ length: 129 }, (_, k) => 10 ** (-k / 8));

FIGURES.steps = {
  outcome({ function: name, x, h, precision }) {
    const f = MEASURED[name],
      r = precision === "float32" ? Math.fround : (number) => number;
    const true_slope = f.slope(x);
    const errors = (step) => {
      const found = measured(f, r(x), r(step), r);
      const away = (slope) =>
        Math.min(Math.abs(slope - true_slope) / Math.abs(true_slope), LARGEST);
      return Object.keys(WAYS).map((way) =>
        Number.isNaN(found[way]) ? LARGEST : away(found[way]),
      );
    };
    const [one_sided, central, complex] = errors(h);
    const here = measured(f, r(x), r(h), r);
    // The error is about h²|f'''|/6 from the curve and ε|f|/h from rounding: least at this step.
    const rounding = precision === "float32" ? 2 ** -24 : 2 ** -53;
    const best = Math.cbrt((3 * rounding * Math.abs(f.value(x, (y) => y))) / Math.abs(f.third(x)));
    return {
      says: "step_says",
      true_slope,
      one_sided,
      central,
      complex,
      best,
      slope_one_sided: here.one_sided,
      slope_central: here.central,
      curves: STEPS.map(errors),
    };
  },
  build({ plot, add, set, data: { labels } }) {
    const drag = (h) =>
      set({ h: 10 ** (Math.round(4 * Math.log10(Math.min(Math.max(h, 1e-16), 1))) / 4) });
    add(legend(Object.entries(WAYS).map(([way, look]) => [look, labels[way]])));
    const all = plot({ title: labels.step_error, across: labels.step_axis, ratio: 0.45, drag });
    const low = 1e-17; // an error of 0 is drawn here
    return ({ h }, found) => {
      const looks = Object.entries(WAYS);
      all.show({
        x: [2, 1e-17],
        y: [low, 1e3],
        xlog: true,
        ylog: true,
        marks: [
          { kind: "line", x: h, look: "here" },
          ...looks.map(([, look], way) => ({
            kind: "curve",
            look,
            points: found.curves.map((errors, k) => [STEPS[k], Math.max(errors[way], low)]),
          })),
          ...looks.map(([way, look]) => ({
            kind: "dot",
            look,
            at: [h, Math.max(found[way], low)],
          })),
        ],
      });
    };
  },
};
