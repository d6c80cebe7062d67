// Matrices as boxes of cells, to scale, and as maps of their numbers.

const KINDS = { forward: "value", gradient: "slope", parameter: "parameter" };

// A row of boxes with signs between them. parts: {name, shape: [rows, columns], kind} or a string;
// `name` is HTML. The boxes share one scale, which lets the row fit its place.
export function shapeRow(panels, label) {
  const row = make("div", { class: "bpc-shapes", role: "img" });
  panels.append(row);
  const box = ({ name, shape: [rows, columns], kind }, cell) => {
    const [w, h] = [columns * cell, rows * cell];
    const lines = [
      ...Array.from({ length: columns - 1 }, (_, k) => `M${(k + 1) * cell} 0V${h}`),
      ...Array.from({ length: rows - 1 }, (_, k) => `M0 ${(k + 1) * cell}H${w}`),
    ];
    return `<figure><figcaption class="${KINDS[kind]}">${name}</figcaption><svg aria-hidden="true" width="${w + 4}" height="${h + 4}" viewBox="-2 -2 ${w + 4} ${h + 4}"><path class="cells ${KINDS[kind]}" d="${lines.join("")}"/><rect class="frame ${KINDS[kind]}" width="${w}" height="${h}" rx="2"/></svg><span>(${rows}, ${columns})</span></figure>`;
  };
  return (parts, said) => {
    const boxes = parts.filter((part) => part.shape);
    const across = boxes.reduce((total, { shape }) => total + Math.max(shape[1], 2), 0);
    const room = (row.clientWidth || 600) - 46 * parts.length;
    const cell = Math.floor(Math.min(26, Math.max(8, room / across)));
    row.setAttribute("aria-label", said ?? label);
    row.innerHTML = parts
      .map((part) => (part.shape ? box(part, cell) : `<b aria-hidden="true">${part}</b>`))
      .join("");
  };
}

// Numbers from −1 to 1, a pixel each: brown below zero, purple above, pale near it. A canvas, because
// a page pays for every element. It is drawn anew in another theme, of which the style sheet tells it.
export function colourMap(attributes = {}) {
  const root = make("canvas", { class: "bpc-map", "aria-hidden": "true", ...attributes });
  const pen = root.getContext("2d");
  let looks = null, // below zero and above: a byte each of red, green and blue, from the right
    shown = null;
  const colour = (name) => {
    pen.fillStyle = getComputedStyle(root).getPropertyValue(name);
    return parseInt(pen.fillStyle.match(/\w\w/g).toReversed().join(""), 16);
  };
  const draw = () => {
    const { parts, columns } = shown,
      rows = parts.length / columns;
    looks ??= ["--negative", "--positive"].map(colour);
    if (root.width !== columns) root.width = columns;
    if (root.height !== rows) root.height = rows;
    const image = pen.createImageData(columns, rows),
      pixels = new Uint32Array(image.data.buffer);
    for (let k = 0; k < pixels.length; k++)
      pixels[k] = looks[parts[k] < 0 ? 0 : 1] | (Math.round(255 * Math.abs(parts[k])) << 24);
    pen.putImageData(image, 0, 0);
  };
  root.addEventListener("transitionrun", () => {
    looks = null;
    if (shown) draw();
  });
  const show = (parts, columns) => {
    shown = { parts, columns };
    draw();
  };
  return { root, show };
}

// Numbers as a map, the largest in full colour; `show(numbers, columns, cell)` draws them.
export function heatMap() {
  const { root, show } = colourMap({ class: "bpc-map bpc-heat" });
  return {
    root,
    show(numbers, columns, cell) {
      const top = numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0) || 1;
      tag(root, "style", `width: ${columns * cell}px`);
      show(
        numbers.map((x) => x / top),
        columns,
      );
    },
  };
}
