// Gradient descent on a loss of two parameters; the slopes come from reverse mode (engine.js).

const lossAt = ({ program, theta }, place) => {
  const { values, grads } = compute(program, { [theta]: place });
  return { loss: values[program.root][0], slopes: grads[theta] ?? [0, 0] };
};
// One step of the update rule, or null where the numbers end.
const stepFrom = (data, place, slopes, rate) => {
  const next = [0, 1].map((k) => place[k] - rate * slopes[k]);
  const there = next.every(Number.isFinite) ? lossAt(data, next) : null;
  const numbers = there ? [there.loss, ...there.slopes] : [NaN];
  return numbers.every(Number.isFinite) ? { place: next, ...there } : null;
};

FIGURES.descent = {
  outcome({ start_x, start_y, rate, steps }, data) {
    const path = [{ place: [start_x, start_y], ...lossAt(data, [start_x, start_y]) }];
    while (path.length <= steps) {
      const { place, slopes } = path.at(-1);
      const next = stepFrom(data, place, slopes, rate);
      if (!next) break;
      path.push(next);
    }
    const { place, loss, slopes } = path.at(-1),
      [x, y] = place;
    const [across, up] = data.limits;
    const inside = across[0] <= x && x <= across[1] && up[0] <= y && y <= up[1];
    return {
      says: inside ? "descent_says" : "descent_left",
      places: path.map((at) => at.place),
      losses: path.map((at) => at.loss),
      taken: path.length - 1,
      first: path[0].loss,
      last: loss,
      x,
      y,
      slope_x: slopes[0],
      slope_y: slopes[1],
      next_x: x - rate * slopes[0],
      next_y: y - rate * slopes[1],
    };
  },
  build({ plot, set, data: { limits, names, contours, labels, controls } }) {
    const within = (x, [low, high]) => Math.round(10 * Math.min(Math.max(x, low), high)) / 10;
    const drag = (x, y) => set({ start_x: within(x, limits[0]), start_y: within(y, limits[1]) });
    const map = plot({ title: names[1], across: names[0], ratio: 0.72, drag, touch: "none" });
    const losses = plot({ title: labels.loss_title, across: labels.steps });
    const lines = {
      kind: "curve",
      look: "contour",
      points: contours.flatMap((points) => [...points, [NaN, NaN]]), // the pen is lifted between two
    };
    const most = controls.find(({ name }) => name === "steps").high;
    return (values, found) => {
      map.show({
        x: limits[0],
        y: limits[1],
        marks: [
          lines,
          { kind: "curve", look: "parameter", points: found.places },
          { kind: "dots", look: "parameter", places: found.places, size: 2.5 },
          { kind: "dot", look: "ink start", at: found.places[0] },
          { kind: "dot", look: "parameter", at: found.places.at(-1), size: 7 },
          {
            kind: "arrow",
            look: "slope",
            from: [found.x, found.y],
            to: [found.next_x, found.next_y],
          },
        ],
      });
      losses.show({
        x: [0, most],
        y: [0, 1.05 * Math.max(...found.losses.filter((loss) => loss <= 3 * found.first)) || 1],
        marks: [
          { kind: "curve", look: "value", points: found.losses.map((loss, k) => [k, loss]) },
          { kind: "dot", look: "value", at: [found.taken, found.last] },
        ],
      });
    };
  },
};
