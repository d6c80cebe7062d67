// What a gradient costs by three ways, as depth and width grow.

const WAYS_TO_COUNT = { paths: "slope dotted", chain: "slope", recursion: "slope solid" };
const multiplications = (n) => {
  const L = n.length - 1;
  const found = { paths: 0, chain: 0, recursion: 0 };
  for (let l = L, above = n[L], paths = 1; l >= 1; l--) {
    const weights = n[l] * n[l - 1];
    found.paths += weights * paths * 2 * (L - l + 1);
    found.chain += weights * (above + 1);
    found.recursion += weights + (l === 1 ? above : 0);
    paths *= n[l];
    above += n[l - 1] * (n[l] + 1); // for the next layer below: δ there from δ here
  }
  return found;
};
const all = (width, most) =>
  Array.from({ length: most }, (_, k) => multiplications(Array(k + 2).fill(width)));

FIGURES.costs = {
  outcome({ width, depth }) {
    const found = multiplications(Array(depth + 1).fill(width)),
      forward = depth * width ** 2;
    return { says: "cost_says", ...found, forward, ratio: found.recursion / forward };
  },
  build({ plot, add, data: { labels, controls } }) {
    const ways = Object.entries(WAYS_TO_COUNT);
    add(
      legend([
        ...ways.map(([way, look]) => [look, labels[`cost_${way}`]]),
        ["value", labels.forward],
      ]),
    );
    const costs = plot({ title: labels.multiplications, across: labels.depth, ratio: 0.45 });
    const most = controls.find(({ name }) => name === "depth").high;
    return ({ width, depth }, found) => {
      const curves = all(width, most);
      costs.show({
        x: [0.8, most + 0.2],
        y: [1, 1e24],
        ylog: true,
        marks: [
          { kind: "line", x: depth, look: "here" },
          ...ways.map(([way, look]) => ({
            kind: "curve",
            look,
            points: curves.map((cost, k) => [k + 1, cost[way]]),
          })),
          {
            kind: "curve",
            look: "value",
            points: curves.map((_, k) => [k + 1, (k + 1) * width ** 2]),
          },
          ...ways.map(([way, look]) => ({ kind: "dot", look, at: [depth, found[way]] })),
          { kind: "dot", look: "value", at: [depth, found.forward] },
        ],
      });
    };
  },
};
