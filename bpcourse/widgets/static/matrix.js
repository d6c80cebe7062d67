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

// Numbers from −1 to 1 as cells of side 1: brown below zero, purple above, pale near it. Cells of
// one of `count` tones are one path, because a page pays for every element.
export function tinted(parts, columns, count) {
  const tones = new Int8Array(parts.length),
    paths = {};
  for (let k = 0; k < tones.length; k++) tones[k] = Math.round(count * parts[k]);
  for (let k = 0, end; k < tones.length; k = end) {
    end = k + 1;
    while (end % columns && tones[end] === tones[k]) end++;
    const run = `M${k % columns} ${Math.floor(k / columns)}h${end - k}v1h${k - end}z`;
    paths[tones[k]] = (paths[tones[k]] ?? "") + run;
  }
  return Object.entries(paths).map(([tone, d]) => [
    "path",
    {
      class: tone < 0 ? "negative" : "positive",
      "fill-opacity": Math.abs(tone) / count,
      d,
    },
  ]);
}

const TONES = 10; // of a map of few and small cells
// Numbers as a map, the largest in full colour; `show(numbers, rows, columns, cell)` draws them.
export function heatMap() {
  const [cells, frame] = [make("g"), make("path", { class: "frame" })];
  const root = make("svg", { "aria-hidden": "true", class: "bpc-heat" }, cells, frame);
  const show = (numbers, rows, columns, cell) => {
    const [w, h] = [columns * cell, rows * cell];
    const size = { width: w + 2, height: h + 2, viewBox: `-1 -1 ${w + 2} ${h + 2}` };
    for (const each in size) tag(root, each, size[each]);
    tag(cells, "transform", `scale(${cell})`);
    tag(frame, "d", `M0 0H${w}V${h}H0z`);
    const top = numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0) || 1;
    const parts = numbers.map((x) => x / top);
    become(cells, tinted(parts, columns, TONES));
  };
  return { root, show };
}
