// Which products of a layer's matrices line up, in rows and in columns.

const FORMS = {
  rows: { Z: ["A", "W.T"], dW: ["dZ.T", "A"], dA: ["dZ", "W"] },
  columns: { Z: ["W", "A"], dW: ["dZ", "A.T"], dA: ["W.T", "dZ"] },
};
const bare = (name) => name.replace(".T", "");
const shapeOf = (name, form, { batch, n_in, n_out }) => {
  const own = bare(name).replace("d", "");
  let shape = { A: [batch, n_in], Z: [batch, n_out], W: [n_out, n_in] }[own];
  if (form === "columns" && own !== "W") shape = [shape[1], shape[0]];
  return name.endsWith(".T") ? [shape[1], shape[0]] : shape;
};
const kindOf = (name) =>
  name.startsWith("d") ? "gradient" : bare(name) === "W" ? "parameter" : "forward";

FIGURES.shapes = {
  outcome({ form, which, transpose, ...sizes }) {
    const names = FORMS[form][which].map((name) => (transpose ? name : bare(name)));
    const [left, right] = names.map((name) => shapeOf(name, form, sizes));
    const wanted = shapeOf(which, form, sizes);
    const fits = left[1] === right[0];
    const result = fits ? [left[0], right[1]] : [0, 0];
    const same = fits && result[0] === wanted[0] && result[1] === wanted[1];
    const words = (shape) => `(${shape.join(", ")})`;
    return {
      says: same ? "product_fits" : fits ? "product_other" : "product_refused",
      left: names[0],
      right: names[1],
      left_shape: words(left),
      right_shape: words(right),
      result: words(result),
      wanted: words(wanted),
      sizes: [left, right, result],
    };
  },
  build({ panels, data: { symbols } }) {
    const show = shapeRow(panels);
    const draw = ({ which }, found, said) => {
      const [left, right, result] = found.sizes;
      const part = (name, shape) => ({ name: symbols[name], shape, kind: kindOf(name) });
      const parts = [part(found.left, left), result[0] ? "@" : "✗", part(found.right, right)];
      if (found.says === "product_fits") parts.push("=", part(which, result));
      if (found.says === "product_other")
        parts.push("=", { name: "?", shape: result, kind: "gradient" });
      show(parts, said);
    };
    return draw;
  },
};
