// Axes and what stands in them: SVG of the size that the page has for it. What changes is written
// into the elements that are there, because a page pays for every new one.

const NAMESPACE = "http://www.w3.org/2000/svg";
const DRAWN = new Set(["svg", "g", "path", "text", "foreignObject"]);
export const make = (tag, attributes = {}, ...children) => {
  const made = DRAWN.has(tag)
    ? document.createElementNS(NAMESPACE, tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};
export const rich = (tag, html, attributes = {}) => {
  const made = make(tag, attributes); // html: our own labels, escaped by Python
  made.innerHTML = html;
  return made;
};
// The children of `root` become these: [tag, attributes, words].
const become = (root, parts) => {
  parts.forEach(([name, attributes, words], k) => {
    let part = root.children[k];
    if (part?.localName !== name) {
      const made = make(name);
      if (part) part.replaceWith(made);
      else root.append(made);
      part = made;
    }
    for (const each in attributes) tag(part, each, attributes[each]);
    if (words !== undefined) write(part, words);
  });
  while (root.childElementCount > parts.length) root.lastElementChild.remove();
};
const FAR = 4000; // pixels: what leads further out is cut
const pixel = (p) => Math.min(Math.max(p, -FAR), FAR).toFixed(1);

const scale = ([low, high], log, from, to) => {
  const [there, back] = log ? [Math.log10, (t) => 10 ** t] : [(x) => x, (t) => t];
  const [a, b] = [there(low), there(high)];
  const along = (x) => from + ((there(x) - a) / (b - a)) * (to - from);
  along.back = (p) => back(a + ((p - from) / (to - from)) * (b - a));
  return along;
};
// [place, label]: round numbers, about `most` of them.
export function ticks(ends, log, most) {
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  if (log) {
    const [a, b] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
    const step = Math.max(1, Math.ceil((b - a) / most));
    return Array.from({ length: Math.floor((b - a) / step) + 1 }, (_, k) => {
      const power = a + k * step;
      return [10 ** power, `10${raised(power)}`];
    });
  }
  const rough = (high - low) / most,
    power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((times) => times * power >= rough * (1 - 1e-9));
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, k) => {
    const at = (first + k) * step;
    return [at, Math.abs(at) >= 1e5 ? shown(at, ".3g") : shown(at, `.${decimals}f`)];
  });
}

// Each gives [look, path]s.
const MARKS = {
  curve: ({ points, look }, x, y) => {
    let d = "",
      pen = "M";
    for (const [a, b] of points) {
      const [p, q] = [x(a), y(b)];
      if (Number.isFinite(p) && Number.isFinite(q)) d += `${pen}${pixel(p)} ${pixel(q)}`;
      pen = Number.isFinite(p) && Number.isFinite(q) ? "L" : "M";
    }
    return [[`curve ${look}`, d]];
  },
  // A value is a disc, a slope a diamond, where something starts a square.
  dots: ({ places, look, size = 5 }, x, y) => {
    const shape = /slope|one$/.test(look)
      ? `m0 ${-size - 1}l${size + 1} ${size + 1}l${-size - 1} ${size + 1}l${-size - 1} ${-size - 1}z`
      : look.includes("start")
        ? `m${-size} ${-size}h${2 * size}v${2 * size}h${-2 * size}z`
        : `m${-size} 0a${size} ${size} 0 1 1 ${2 * size} 0a${size} ${size} 0 1 1 ${-2 * size} 0z`;
    const all = places.map(([a, b]) => `M${pixel(x(a))} ${pixel(y(b))}${shape}`);
    return [[`dot ${look}`, all.join("")]];
  },
  dot: ({ at, ...rest }, ...scales) => MARKS.dots({ places: [at], ...rest }, ...scales),
  arrow: ({ from, to, look }, x, y) => {
    const [p, q, r, s] = [x(from[0]), y(from[1]), x(to[0]), y(to[1])];
    const length = Math.hypot(r - p, s - q);
    if (!(length > 2)) return [];
    const [u, v] = [(r - p) / length, (s - q) / length],
      head = Math.min(10, length);
    const wing = (side) =>
      `${pixel(r - head * u + (side * head * v) / 2)} ${pixel(s - head * v - (side * head * u) / 2)}`;
    const shaft = `M${pixel(p)} ${pixel(q)}L${pixel(r - head * u)} ${pixel(s - head * v)}`;
    return [
      [`arrow ${look}`, shaft],
      [`head ${look}`, `M${pixel(r)} ${pixel(s)}L${wing(1)}L${wing(-1)}z`],
    ];
  },
  line: ({ x: across, y: up, look }, x, y, box) => [
    [
      `rule ${look}`,
      across === undefined
        ? `M${box.left} ${pixel(y(up))}H${box.right}`
        : `M${pixel(x(across))} ${box.top}V${box.bottom}`,
    ],
  ],
};

// A picture with axes. `title` (the quantity that goes up) and `across` are HTML. `show(view)` draws
// {x: [low, high], y, xlog, ylog, xticks, marks}. The marks stand on `ground`, an element of HTML, and
// `drag(x, y)` is told where a hand is, if they are given.
export function plot({ title, across, ratio = 0.62, narrow, ground, drag, touch = "pan-y" }) {
  const svg = make("svg", { role: "img", class: drag ? "bpc-plot bpc-drag" : "bpc-plot" });
  const caption = rich("figcaption", title);
  const root = make("figure", { class: `bpc-panel${narrow ? " narrow" : ""}` }, caption, svg);
  if (across) root.append(rich("div", across, { class: "bpc-across" }));
  svg.setAttribute("aria-label", caption.textContent);
  const [axes, marks] = [make("g"), make("g")];
  const inside = make("svg", {}, marks); // what leads further out is cut
  const below = ground && make("foreignObject", {}, ground);
  if (below) inside.prepend(below);
  svg.append(axes, inside);
  const worked = new WeakMap(); // a mark that a figure shows again is not worked out again
  let view = null,
    wide = 0, // as it was seen: to ask at each change would lay the page out once for every plot
    place = "", // what the axes depend on
    box,
    x,
    y;
  const drawAxes = (width) => {
    const height = Math.round(Math.min(Math.max(width * ratio, 200), 340));
    const up = ticks(view.y, view.ylog, height / 44);
    const room = 14 + 7 * Math.max(...up.map(([, label]) => label.length));
    box = { left: room, right: width - 8, top: 8, bottom: height - 22 };
    x = scale(view.x, view.xlog, box.left, box.right);
    y = scale(view.y, view.ylog, box.bottom, box.top);
    const along = view.xticks ?? ticks(view.x, view.xlog, Math.max(2, (box.right - box.left) / 70));
    const rules = [
      ...along.map(([at]) => `M${pixel(x(at))} ${box.top}V${box.bottom}`),
      ...up.map(([at]) => `M${box.left} ${pixel(y(at))}H${box.right}`),
    ];
    const words = (x, y, anchor, label) => ["text", { x, y, "text-anchor": anchor }, label];
    become(axes, [
      ["path", { class: "grid", d: rules.join("") }],
      ["path", { class: "axis", d: `M${box.left} ${box.top}V${box.bottom}H${box.right}` }],
      ...along.map(([at, label]) => {
        const p = pixel(x(at)),
          last = width - p < 24; // inside the picture to its last letter
        return words(last ? width : p, box.bottom + 16, last ? "end" : "middle", label);
      }),
      ...up.map(([at, label]) => words(box.left - 6, Number(pixel(y(at))) + 4, "end", label)),
    ]);
    const put = (part, { left, top, right, bottom }) => {
      const frame = { x: left, y: top, width: right - left, height: bottom - top };
      for (const each in frame) tag(part, each, frame[each]);
      return Object.values(frame).join(" ");
    };
    const { left, top, right, bottom } = box;
    tag(
      inside,
      "viewBox",
      put(inside, { left: left - 2, top: top - 2, right: right + 2, bottom: bottom + 2 }),
    );
    if (below) put(below, box);
    tag(svg, "height", height);
    tag(svg, "viewBox", `0 0 ${width} ${height}`); // paper has another width, and is not drawn for
  };
  const draw = () => {
    wide ||= svg.clientWidth;
    const width = wide || 360,
      now = JSON.stringify([width, view.x, view.y, view.xlog, view.ylog, view.xticks]);
    if (now !== place) drawAxes(width);
    place = now;
    const paths = (mark) => {
      const before = worked.get(mark);
      if (before?.place === place) return before.found;
      const found = MARKS[mark.kind](mark, x, y, box);
      worked.set(mark, { place, found });
      return found;
    };
    const drawn = view.marks
      .filter(Boolean)
      .flatMap(paths)
      .map(([look, d]) => ["path", { class: look, d }]);
    become(marks, drawn);
  };
  if (drag) {
    svg.style.touchAction = touch;
    const move = (event) => {
      if (!svg.hasPointerCapture(event.pointerId)) return;
      const corner = svg.getBoundingClientRect();
      drag(x.back(event.clientX - corner.left), y.back(event.clientY - corner.top));
    };
    svg.addEventListener("pointerdown", (event) => {
      svg.setPointerCapture(event.pointerId);
      move(event);
    });
    svg.addEventListener("pointermove", move);
  }
  const watch = new ResizeObserver(() => {
    wide = svg.clientWidth;
    if (view) draw();
  });
  watch.observe(svg);
  return {
    root,
    show: (next) => {
      view = next;
      draw();
    },
    stop: () => watch.disconnect(),
  };
}

// What the lines of a picture stand for: pairs of a look and an HTML label.
export function legend(entries) {
  const items = entries.map(([look, label]) =>
    rich(
      "li",
      `<svg width="34" height="12" aria-hidden="true"><path class="curve ${look}" d="M1 6H33"/></svg> ${label}`,
    ),
  );
  return make("ul", { class: "bpc-legend" }, ...items);
}
