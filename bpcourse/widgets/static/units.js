// The activations by the names that the figures' menus have.

const NAMES = {
  logistic: ["σ"],
  tanh: ["tanh"],
  ReLU: ["relu"],
  "leaky ReLU": ["leaky relu", 0.01],
  softplus: ["softplus"],
  SiLU: ["silu"],
  GELU: ["gelu"],
};
export function unitOf(kind) {
  if (kind === "linear") return { value: (z) => z, slope: () => 1 };
  const [op, detail] = NAMES[kind],
    { value, slopes, unit } = ELEMENTWISE[op];
  return unit ?? { value: (z) => value([z], detail), slope: (z) => slopes([z], detail)[0] };
}
// Of each of these numbers what a unit makes of it, and its slope there. Two loops, and not one that
// is given a function: what a loop always calls is compiled into it. `map` takes four times as long.
export const valuesOf = (unit, Z) => {
  const found = new Float64Array(Z.length);
  for (let k = 0; k < Z.length; k++) found[k] = unit.value(Z[k]);
  return found;
};
export const slopesOf = (unit, Z) => {
  const found = new Float64Array(Z.length);
  for (let k = 0; k < Z.length; k++) found[k] = unit.slope(Z[k]);
  return found;
};
export const grid = (low, high, count) =>
  Array.from({ length: count }, (_, k) => low + ((high - low) * k) / (count - 1));
