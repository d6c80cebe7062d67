// The stepper in a page: plays a program forward and backward in the SVG that Python drew.

const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
};

const WIDE = 1200; // px: on paper a wider picture would be too small to read
const SEAM = 70; // px: what both halves of it show, about half a box

export function mount(root, data) {
  const { program, labels, formulas, dialects } = data;
  if (data.message) {
    root.append(element("p", { class: "bpc-message", role: "alert" }, data.message));
    return { stop() {} };
  }
  const { nodes } = program,
    operations = nodes.map((n, id) => id).filter((id) => nodes[id].op);
  const last = 2 * operations.length + 1;
  const leaves = {};
  let timer = null;
  const view = {
    program,
    labels,
    formulas,
    nodes,
    operations,
    last,
    state: compute(program),
    position: 0,
    dialect: dialects[0],
    chosen: null,
  };
  const known = knowledge(view),
    { forwardDone, pulled, received, expected, gradient, active } = known;
  const { symbol, name, slopeName, equals, shape, formula, inNumbers, backTable, tell } = wording(
    view,
    known,
  );

  const picture = element("div", {
    class: "bpc-picture",
    role: "group",
    "aria-label": labels.picture,
  });
  picture.innerHTML = data.svg;
  const svg = picture.querySelector("svg");
  svg.setAttribute("role", "group");
  svg.style.maxWidth = `${1.5 * svg.viewBox.baseVal.width}px`;
  svg.style.minWidth = `${0.75 * svg.viewBox.baseVal.width}px`; // small print stays legible: rather scroll
  const box = {},
    texts = {}, // of a box
    line = {},
    beside = {}; // how far its boxes stand from each other, if they stand beside each other
  svg.querySelectorAll("[data-node]").forEach((g) => {
    box[g.dataset.node] = g;
    texts[g.dataset.node] = Array.from(g.querySelectorAll("text"));
  });
  svg.querySelectorAll("[data-edge]").forEach((g) => {
    line[g.dataset.edge] = g;
    const [, from, to] = /^M(\S+) .*H(\S+)$/.exec(g.querySelector(".line").getAttribute("d")) ?? [];
    beside[g.dataset.edge] = to - from > 40 ? to - from : 0;
  });

  const button = (name, sign, act) =>
    element(
      "button",
      {
        type: "button",
        "data-act": name,
        "aria-label": labels[name],
        title: labels[name],
        onclick: act,
      },
      sign,
    );
  const stop = () => {
    clearInterval(timer);
    timer = null;
    play.textContent = "▶";
    play.setAttribute("aria-label", labels.play);
  };
  const go = (to) => {
    const before = view.position;
    view.position = Math.min(Math.max(to, 0), last);
    if (view.position === last) stop();
    show();
    if (view.position === before + 1) travel();
    follow(); // last of all, because to measure lays the page out
  };
  const toggle = () => {
    if (timer) return stop();
    if (view.position === last) view.position = 0;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      // straight to the end of the pass
      return go(view.position < operations.length ? operations.length : last);
    }
    timer = setInterval(() => {
      if (!root.isConnected) return stop();
      go(view.position + 1);
    }, 900);
    play.textContent = "❚❚";
    play.setAttribute("aria-label", labels.pause);
    return go(view.position + 1);
  };
  const play = button("play", "▶", toggle);
  const slider = element("input", {
    type: "range",
    min: 0,
    max: last,
    step: 1,
    value: 0,
    "aria-label": labels.position,
    oninput: () => {
      stop();
      go(Number(slider.value));
    },
  });
  const choice = element(
    "select",
    {
      "aria-label": labels.notation,
      onchange: () => {
        view.dialect = dialects[choice.selectedIndex];
        show();
      },
    },
    ...dialects.map((d) => element("option", {}, d.name)),
  );
  const step = (by) => () => {
    stop();
    go(view.position + by);
  };
  const controls = element(
    "div",
    { class: "bpc-controls", role: "toolbar", "aria-label": labels.controls },
    button("restart", "|◀", () => {
      stop();
      go(0);
    }),
    button("back", "◀", step(-1)),
    play,
    button("step", "▶|", step(1)),
    button("end", "▶▶|", () => {
      stop();
      go(last);
    }),
    slider,
  );
  if (nodes.some((n) => n.layer)) controls.append(choice);
  const message = element("p", { class: "bpc-message", role: "alert" });
  const told = element("div", { class: "bpc-told", "aria-live": "polite" });
  const shares = element("div", { class: "bpc-shares" }); // below: the picture keeps its place
  const details = element("div", { class: "bpc-details" });
  root.append(controls, told, picture, shares, message, details);
  const app = root;
  app.tabIndex = -1;
  app.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select") || event.ctrlKey || event.metaKey || event.altKey)
      return;
    const keys = { ArrowRight: step(1), ArrowLeft: step(-1), Home: step(-last), End: step(last) };
    if (event.key === " " && !event.target.closest("button, [data-node], [data-edge]")) toggle();
    else if (keys[event.key]) keys[event.key]();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  const fillBox = (id) => {
    const g = box[id],
      known = forwardDone(id),
      slope = gradient(id);
    const waiting = slope && received(id).length < expected(id).length;
    g.classList.toggle("unknown", !known);
    g.classList.toggle("ungraded", !slope);
    g.classList.toggle("active", active() === id);
    g.classList.toggle("chosen", view.chosen === String(id));
    const title = g.querySelector(".title");
    if (nodes[id].layer || nodes[id].kind) {
      title.dataset.own ??= title.textContent;
      const named = symbol(id) ?? "";
      if (title.dataset.named !== named) {
        title.dataset.named = named;
        if (named) svgText(title, named);
        else title.textContent = title.dataset.own;
      }
    }
    if (nodes[id].size === 1) {
      write(g.querySelector(".value"), known ? short(view.state.values[id][0]) : "?");
      const seen = ["target", "constant"].includes(nodes[id].role)
        ? ""
        : slope
          ? short(slope[0]) + (waiting ? " + …" : "")
          : "?";
      write(g.querySelector(".grad"), seen);
    } else {
      heat(g.querySelector(".heat.value"), known ? view.state.values[id] : null);
      heat(g.querySelector(".heat.grad"), slope);
    }
    const seen = texts[id].map((words) => words.textContent);
    const graded = !["target", "constant"].includes(nodes[id].role);
    const said = graded ? `(${labels.gradient}${slope ? "" : ` ${labels.unknown}`})` : "";
    tag(g, "aria-label", [...seen, said].filter(Boolean).join(" "));
  };
  const heat = (g, values) => {
    const top = values ? Math.max(...Array.from(values, Math.abs)) || 1 : 1;
    g.querySelectorAll(".cell").forEach((cell) => {
      const x = values?.[Number(cell.dataset.k)];
      const sign = x === undefined ? "unknown" : x < 0 ? "negative" : "positive";
      tag(cell, "class", `cell ${sign}`);
      tag(cell, "fill-opacity", x === undefined ? "0" : (Math.abs(x) / top).toFixed(2));
    });
  };
  // A name in MathML as SVG: what stands above or below is smaller, and moved.
  const svgText = (target, html) => {
    target.textContent = "";
    let down = 0;
    const add = (node, kind) => {
      if (!node.children.length) {
        const span = document.createElementNS("http://www.w3.org/2000/svg", "tspan");
        span.textContent = node.textContent;
        span.setAttribute("dy", kind - down);
        if (kind) span.setAttribute("font-size", "9");
        down = kind;
        target.append(span);
      }
      const [base, below, above] = node.children;
      const marks = {
        msup: () => [[below, -5]],
        msub: () => [[below, 4]],
        msubsup: () => [[above, -5], [below, 4]], // prettier-ignore
      }[node.localName]?.();
      if (marks) [[base, kind], ...marks].forEach(([part, its]) => add(part, its));
      else Array.from(node.children).forEach((part) => add(part, kind));
    };
    const parsed = element("div");
    parsed.innerHTML = `<math>${html}</math>`;
    add(parsed, 0);
  };
  // A canvas measures words without laying the page out. They are of one font, in a step backward.
  let pen = null;
  const widthOf = (label, words) => {
    if (!pen) {
      const { fontWeight, fontSize, fontFamily } = getComputedStyle(label);
      pen = document.createElement("canvas").getContext("2d");
      pen.font = `${fontWeight} ${fontSize} ${fontFamily}`;
    }
    return pen.measureText(words).width;
  };
  const fillEdge = (key) => {
    const [child, slot] = key.split(".").map(Number),
      id = active();
    const back = view.position > operations.length + 1,
      share = view.state.contributions[child][slot];
    const node = nodes[child],
      weight = node.op === "affine" ? node.parents[slot - 1] : null;
    const label = line[key].querySelector(".label"),
      parent = node.parents[slot];
    const local = view.state.locals[child][slot],
      graded = nodes[parent].role !== "constant";
    label.dataset.still ??= label.textContent;
    line[key].classList.toggle("active", child === id);
    line[key].classList.toggle("back", back && child === id);
    line[key].classList.toggle("chosen", view.chosen === key);
    const stepping = back && child === id;
    const words =
      stepping && weight === null && local?.length === 1 && graded
        ? `∂${nodes[child].name}/∂${nodes[parent].name} = ${short(local[0])}`
        : stepping && weight !== null && share?.length === 1
          ? short(share[0])
          : weight !== null && label.dataset.still
            ? short(view.state.values[weight][0])
            : "";
    const close = words.startsWith("∂") && beside[key] && widthOf(label, words) > beside[key] - 8;
    write(label, close ? `× ${short(local[0])}` : words); // between two boxes that stand close
    const size =
      weight !== null
        ? sized(Math.abs(view.state.values[weight][0]), most.weight)
        : stepping && share
          ? sized(largest(share), most.share)
          : null;
    const wide = String(size ?? 1.4);
    if (line[key].style.getPropertyValue("--wide") !== wide)
      line[key].style.setProperty("--wide", wide);
    const way = `${spoken(parent)} → ${spoken(child)}`; // what is seen stands in the name, first
    tag(line[key], "aria-label", [label.textContent, way].filter(Boolean).join(" "));
  };

  // A line is as thick as its number is large beside the others of its kind, from 1 to 5 px.
  const most = { weight: 0, share: 0 };
  const largest = (array) => Math.max(...Array.from(array, Math.abs));
  const sized = (size, top) =>
    top > 0 && Number.isFinite(size) ? 1 + 4 * Math.min(size / top, 1) : 1;
  const measure = () => {
    const id = active(),
      weights = nodes.flatMap((n, k) => (n.kind === "W" && n.size === 1 ? [k] : []));
    most.weight = Math.max(0, ...weights.map((k) => Math.abs(view.state.values[k][0])));
    most.share =
      id === null ? 0 : Math.max(0, ...view.state.contributions[id].filter(Boolean).map(largest));
  };
  const spoken = (id) =>
    nodes[id].name || (nodes[id].size > 1 ? labels.constant : short(view.state.values[id][0]));

  // A signal along every line of the step: forward towards the gate, backward away from it.
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  // They have a place of their own: what comes to stand among the boxes has all of them styled anew.
  const signals = document.createElementNS("http://www.w3.org/2000/svg", "g");
  svg.insertBefore(signals, svg.querySelector(".box")); // boxes lie above it
  let duration;
  const travel = () => {
    signals.replaceChildren();
    const id = active(),
      back = view.position > operations.length + 1;
    if (id === null || still.matches) return;
    duration ??= parseFloat(getComputedStyle(root).getPropertyValue("--step"));
    nodes[id].parents.forEach((_, slot) => {
      const g = line[`${id}.${slot}`];
      if (!g || (back && !view.state.contributions[id][slot])) return;
      const dot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
      dot.setAttribute("class", `signal ${back ? "back" : ""}`);
      dot.setAttribute("r", "5");
      dot.style.offsetPath = `path("${g.querySelector(".line").getAttribute("d")}")`;
      signals.append(dot);
      const way = [{ offsetDistance: "0%" }, { offsetDistance: "100%" }];
      dot.animate(back ? way.reverse() : way, { duration, easing: "ease-in-out" }).onfinish = () =>
        dot.remove();
    });
  };

  // The numbers of a leaf, to be changed.
  const editor = (id) => {
    const { size, shape: lengths } = nodes[id],
      columns = lengths.at(-1) ?? 1;
    if (size > 64) return element("span", {}, `${size} ${labels.numbers}`);
    const grid = element("span", {
      class: "bpc-grid",
      style: `grid-template-columns: repeat(${columns}, minmax(0, 6.5em))`,
    });
    view.state.values[id].forEach((x, k) => {
      const input = element("input", {
        type: "number",
        step: "any",
        value: x,
        "data-leaf": id,
        "data-k": k,
        "aria-label": `${nodes[id].name}${size > 1 ? `, ${k + 1}` : ""}`,
      });
      input.addEventListener("input", () => {
        const value = input.value.trim() === "" ? NaN : Number(input.value);
        if (!Number.isFinite(value)) {
          message.textContent = `${nodes[id].name}: ${labels.finite}`;
          input.setAttribute("aria-invalid", "true");
          return;
        }
        input.removeAttribute("aria-invalid");
        const changed = Float64Array.from(leaves[id] ?? nodes[id].value);
        changed[k] = value;
        leaves[id] = changed;
        show(compute(program, leaves), false);
      });
      grid.append(input);
    });
    return grid;
  };
  const leafRow = (id) =>
    element(
      "label",
      { class: `bpc-leaf ${nodes[id].role}` },
      (() => {
        const s = element("span");
        s.innerHTML = `${math(name(id))} = `;
        return s;
      })(),
      editor(id),
    );
  const detail = () => {
    details.replaceChildren();
    const words = (html) => {
      const p = element("div", { class: "bpc-words" });
      p.innerHTML = html;
      details.append(p);
    };
    const row = element("div", { class: "bpc-leaves" });
    if (view.chosen === null) {
      words(labels.choose);
      nodes.forEach((n, id) => {
        if (!n.op && n.role !== "constant" && n.kind !== "W" && n.kind !== "b" && n.size <= 12)
          row.append(leafRow(id));
      });
    } else if (view.chosen.includes(".")) {
      const [child, slot] = view.chosen.split(".").map(Number),
        parent = nodes[child].parents[slot];
      const weight = nodes[child].op === "affine" ? nodes[child].parents[slot - 1] : null;
      words(`<b>${math(name(parent))} → ${math(name(child))}</b>: ${math(...formula(child))}`);
      if (child !== active() && pulled(child) && view.state.contributions[child][slot])
        words(backTable(child));
      if (weight !== null) {
        const product = `${slopeName(weight)}<mo>=</mo>${slopeName(child)}<mo>·</mo>${name(parent)}`;
        const known = pulled(child) ? equals("grad", view.state.grads[weight]) : "= ?";
        words(`${math(product)} ${known}`);
        row.append(leafRow(weight));
      }
    } else {
      const id = Number(view.chosen),
        slope = gradient(id);
      const value = forwardDone(id)
        ? `${math(...inNumbers(id))} ${equals("value", view.state.values[id])}`
        : `: ${labels.unknown}`;
      words(`${math(...(nodes[id].op ? formula(id) : [name(id)]))}${shape(id)} ${value}`);
      if (nodes[id].role !== "target" && nodes[id].role !== "constant")
        words(`${math(slopeName(id))} ${slope ? equals("grad", slope) : `: ${labels.unknown}`}`);
      if (!nodes[id].op) row.append(leafRow(id));
      nodes[id].parents.forEach((p) => {
        if (nodes[p].kind === "W" || nodes[p].kind === "b")
          if (!nodes[p].op && nodes[p].size === 1) row.append(leafRow(p));
      });
    }
    details.append(row);
  };
  let scrolled = false;
  const watch = new ResizeObserver(() => {
    scrolled = picture.scrollWidth > picture.clientWidth;
    picture.classList.toggle("scrolled", scrolled);
  });
  watch.observe(picture);
  const follow = () => {
    // what is computed now stays in view
    if (active() === null || !scrolled) return;
    const middle = (g) => {
      const { left, width } = g.getBoundingClientRect();
      return left + width / 2;
    };
    picture.scrollLeft += middle(box[active()]) - middle(picture);
  };
  let detailed = null; // the dialect in which it stands there
  const show = (next = view.state, rebuild = true) => {
    view.state = next;
    slider.value = view.position;
    slider.setAttribute("aria-valuetext", `${view.position} / ${last}`);
    root.dataset.position = view.position;
    const bad = nodes.findIndex((_, id) => !view.state.values[id].every(Number.isFinite));
    message.textContent = bad < 0 ? "" : `${nodes[bad].name || nodes[bad].op}: ${labels.overflow}`;
    const now = active(),
      concerned = new Set(now === null ? [] : [now, ...nodes[now].parents]);
    svg.classList.toggle("stepping", now !== null);
    measure();
    Object.keys(box).forEach((id) => {
      fillBox(Number(id));
      box[id].classList.toggle("concerned", concerned.has(Number(id)));
    });
    Object.keys(line).forEach(fillEdge);
    told.innerHTML = tell();
    told.classList.toggle("back", view.position > operations.length);
    shares.innerHTML = view.position > operations.length + 1 ? backTable(now) : "";
    // without a choice it says the same at every step
    if (rebuild && (view.chosen !== null || detailed !== view.dialect)) {
      detail();
      detailed = view.chosen === null ? view.dialect : null;
    }
  };

  // Weights have paths: everything that a push there reaches.
  const reach = (key, on) => {
    Object.values(line).forEach((g) => g.classList.remove("path"));
    if (!on) return;
    const reached = new Set([Number(key.split(".")[0])]);
    line[key].classList.add("path");
    nodes.forEach((node, child) =>
      node.parents.forEach((parent, slot) => {
        if (reached.has(parent)) {
          reached.add(child);
          line[`${child}.${slot}`]?.classList.add("path");
        }
      }),
    );
  };
  const choose = (key) => {
    view.chosen = view.chosen === key ? null : key;
    show();
  };
  for (const [table, key] of [
    [line, "edge"],
    [box, "node"],
  ]) {
    for (const g of Object.values(table)) {
      const own = g.dataset[key];
      g.setAttribute("tabindex", "0");
      g.setAttribute("role", "button");
      g.addEventListener("click", () => choose(own));
      g.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        event.stopPropagation();
        choose(own);
      });
      if (key !== "edge") continue;
      g.addEventListener("mouseenter", () => reach(own, true));
      g.addEventListener("mouseleave", () => reach(own, false));
      g.addEventListener("focus", () => reach(own, true));
      g.addEventListener("blur", () => reach(own, false));
    }
  }
  // On paper nobody can step: what has not begun stands there whole.
  const paper = new AbortController();
  let begun = true;
  const printed = (when, act) => addEventListener(when, act, { signal: paper.signal });
  printed("beforeprint", () => {
    begun = view.position > 0;
    if (!begun) finish();
    if (svg.viewBox.baseVal.width > WIDE) halve();
  });
  const finish = () => {
    // What belongs to the last step alone goes.
    const edges = Object.values(line).map((g) => {
      const label = g.querySelector(".label");
      return [g, label, label.textContent, g.style.getPropertyValue("--wide")];
    });
    go(last);
    told.hidden = shares.hidden = true;
    for (const mark of ["stepping", "active", "back"])
      picture.querySelectorAll(`.${mark}`).forEach((one) => one.classList.remove(mark));
    edges.forEach(([g, label, words, wide]) => {
      write(label, words);
      g.style.setProperty("--wide", wide);
    });
  };
  // Nor can anybody scroll: the right half stands below the left one.
  const seen = (picture, x, y, width, height) => {
    picture.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
    picture.setAttribute("width", width); // its proportions are those of its numbers
  };
  let unhalve = () => {};
  const halve = () => {
    const { x, y, width, height } = svg.viewBox.baseVal;
    const part = width / 2 + SEAM;
    const half = svg.cloneNode(true);
    unhalve = () => {
      seen(svg, x, y, width, height);
      half.remove();
      unhalve = () => {};
    };
    seen(svg, x, y, part, height);
    seen(half, x + width - part, y, part, height);
    picture.append(half);
  };
  printed("afterprint", () => {
    unhalve();
    told.hidden = shares.hidden = false;
    if (!begun) go(0);
  });
  show();
  return {
    stop() {
      stop();
      paper.abort();
      watch.disconnect();
    },
  };
}
