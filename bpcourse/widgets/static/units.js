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
// f of each of these numbers: a loop, because `map` of a typed array takes four times as long.
export const each = (numbers, f) => {
  const found = new Float64Array(numbers.length);
  for (let k = 0; k < numbers.length; k++) found[k] = f(numbers[k]);
  return found;
};
export const grid = (low, high, count) =>
  Array.from({ length: count }, (_, k) => low + ((high - low) * k) / (count - 1));
