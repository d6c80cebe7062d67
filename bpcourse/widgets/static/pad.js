// The digit pad in a page: draw with mouse, finger or keys, and see what the network sees.

const SVG = "http://www.w3.org/2000/svg",
  UNITS = 100; // the drawing area is 100 × 100
const make = (tag, attributes = {}, ...children) => {
  const drawn = ["svg", "g", "path", "rect", "circle"].includes(tag);
  const made = drawn ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};
const filled = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const line = (stroke) => {
  const [first, ...others] = stroke.map(([x, y]) => `${x} ${y}`);
  return `M${first}L${[first, ...others].join("L")}`; // a dot is a line of no length
};

// `data` comes from Python; `changed(strokes)` is told whenever a stroke has ended.
export function mountPad(root, data, strokes = [], changed = () => {}) {
  const { labels, layers, sure, alike } = data;
  const pen = { x: UNITS / 2, y: UNITS / 2, down: false, stroke: null };
  let waiting = 0;

  const ink = make("path", { class: "bpc-ink" });
  const cross = make("path", { class: "bpc-cross", d: "M-4 0H4M0 -4V4" });
  const area = make(
    "svg",
    {
      class: "bpc-area",
      viewBox: `0 0 ${UNITS} ${UNITS}`,
      tabindex: 0,
      role: "application",
      "aria-label": labels.area,
      "aria-roledescription": labels.kind,
    },
    ink,
    cross,
  );
  const cells = Array.from({ length: 64 }, (_, k) =>
    make("rect", {
      x: k % 8,
      y: Math.floor(k / 8),
      width: 1,
      height: 1,
      "fill-opacity": 0,
    }),
  );
  const seen = make(
    "svg",
    {
      class: "bpc-seen",
      viewBox: "0 0 8 8",
      role: "img",
      "aria-label": labels.seen_nothing,
    },
    ...cells,
  );
  const bars = Array.from({ length: 10 }, (_, digit) => {
    const bar = make("span", { class: "bpc-bar" }),
      share = make("span", { class: "bpc-share" });
    const track = make("span", { class: "bpc-track", "aria-hidden": "true" }, bar);
    return { bar, share, row: make("li", {}, make("b", {}, digit), " ", track, " ", share) };
  });
  const list = make(
    "ol",
    { class: "bpc-bars", "aria-label": labels.bars },
    ...bars.map(({ row }) => row),
  );
  const said = make("p", { class: "bpc-answer", role: "status" });
  const button = (name, act) => {
    const made = make("button", { type: "button", "data-act": name }, labels[name]);
    made.addEventListener("click", act);
    return made;
  };
  const panel = (name, ...content) =>
    make(
      "figure",
      { class: `bpc-panel bpc-panel-${name}` },
      make("figcaption", {}, labels[`title_${name}`]),
      ...content,
    );
  const help = make("details", {}, make("summary", {}, labels.keys_title), labels.keys);
  root.append(
    said,
    make(
      "div",
      { class: "bpc-panels" },
      panel(
        "area",
        area,
        make(
          "div",
          { class: "bpc-controls" },
          button("undo", () => {
            lift();
            strokes = strokes.slice(0, -1);
            tell();
          }),
          button("clear", () => {
            lift();
            strokes = [];
            tell();
          }),
        ),
      ),
      panel("seen", seen),
      panel("bars", list),
    ),
    help,
  );

  const show = () => {
    const all = pen.stroke ? [...strokes, pen.stroke] : strokes;
    ink.setAttribute("d", all.map(line).join(""));
    cross.setAttribute("transform", `translate(${pen.x} ${pen.y})`);
    cross.classList.toggle("down", pen.down);
    const found = all.length ? read(layers, all) : null;
    cells.forEach((cell, k) => {
      cell.setAttribute("fill-opacity", found ? found.image[k] / 16 : 0);
    });
    const y = found?.probabilities ?? [];
    const order = y.map((_, digit) => digit).sort((a, b) => y[b] - y[a]);
    const [best, next] = order;
    bars.forEach(({ bar, share, row }, digit) => {
      bar.style.width = `${100 * Math.min(Math.max(y[digit] ?? 0, 0), 1)}%`;
      share.textContent = found ? y[digit].toFixed(2).replace("-", "−") : "";
      row.classList.toggle("best", digit === best);
    });
    const certain = found && y[best] >= sure;
    const words = !found
      ? labels.nothing
      : certain
        ? labels.sure
        : y[next] >= alike
          ? labels.either
          : labels.unsure;
    const sentence = filled(words, { best, next });
    if (said.textContent !== sentence) said.textContent = sentence; // said aloud only when new
    said.classList.toggle("unsure", Boolean(found) && !certain);
    seen.setAttribute(
      "aria-label",
      found ? filled(labels.seen, { rows: rowsOf(found.image) }) : labels.seen_nothing,
    );
    Object.assign(root.dataset, { best: best ?? "", sure: Boolean(certain) });
  };
  const rowsOf = (image) =>
    Array.from({ length: 8 }, (_, row) => image.slice(8 * row, 8 * row + 8).join(" ")).join("; ");
  const soon = () => {
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      show();
    });
  };
  const tell = () => {
    show();
    changed(strokes);
  };
  const put = (x, y) => {
    [pen.x, pen.y] = [x, y].map((value) => Math.min(Math.max(value, 0), UNITS));
    pen.stroke?.push([pen.x, pen.y]);
  };
  const lift = () => {
    if (pen.stroke) strokes = [...strokes, pen.stroke];
    pen.stroke = null;
    pen.down = false;
  };

  // Mouse, finger and pen.
  const place = (event) => {
    const box = area.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top].map(
      (value, axis) => (value * UNITS) / [box.width, box.height][axis],
    );
  };
  area.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || (pen.stroke && !pen.down)) return;
    lift();
    area.setPointerCapture(event.pointerId);
    pen.stroke = [];
    pen.pointer = event.pointerId;
    put(...place(event));
    area.classList.add("mouse");
    area.focus({ preventScroll: true });
    event.preventDefault();
    soon();
  });
  area.addEventListener("pointermove", (event) => {
    if (!pen.stroke || pen.down || event.pointerId !== pen.pointer) return;
    for (const part of event.getCoalescedEvents?.() ?? [event]) {
      const [x, y] = place(part);
      if (Math.hypot(x - pen.x, y - pen.y) >= 1) put(x, y); // nearer ones would only take time
    }
    soon();
  });
  const ended = (event) => {
    if (!pen.stroke || pen.down || event.pointerId !== pen.pointer) return;
    lift();
    tell();
  };
  area.addEventListener("pointerup", ended);
  area.addEventListener("pointercancel", ended);

  // Keys: the arrows move the pen, and Home, End and the page keys move it aslant.
  const MOVES = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, -1],
    ArrowDown: [0, 1],
    Home: [-1, -1],
    PageUp: [1, -1],
    End: [-1, 1],
    PageDown: [1, 1],
  };
  area.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = MOVES[event.key];
    if (move) {
      const step = event.shiftKey ? 1 : 5;
      put(pen.x + step * move[0], pen.y + step * move[1]);
      show();
    } else if (event.key === " ") {
      if (pen.down) {
        lift();
        tell();
      } else if (!pen.stroke) {
        Object.assign(pen, { down: true, stroke: [[pen.x, pen.y]] });
        show();
      }
    } else if (event.key === "Backspace") {
      if (pen.down) Object.assign(pen, { down: false, stroke: null });
      else strokes = strokes.slice(0, -1);
      tell();
    } else if (event.key === "Delete") {
      lift();
      strokes = [];
      tell();
    } else return;
    area.classList.remove("mouse");
    event.preventDefault();
    event.stopPropagation(); // the notebook has other uses for these keys
  });
  // Nobody can draw on paper and be read: an example stands on an empty pad there.
  const paper = new AbortController();
  const printed = (when, act) => addEventListener(when, act, { signal: paper.signal });
  let empty = false;
  printed("beforeprint", () => {
    empty = !strokes.length && !pen.stroke;
    if (!empty) return;
    strokes = data.example;
    show();
    said.textContent = filled(labels.paper, { said: said.textContent });
  });
  printed("afterprint", () => {
    if (!empty) return;
    strokes = [];
    show();
  });
  show();
  return {
    set(others) {
      lift();
      strokes = others;
      show();
    },
    stop() {
      cancelAnimationFrame(waiting);
      paper.abort();
    },
  };
}
