// The stepper in a page: plays a program forward and backward in the SVG that Python drew.

const minus = (words) => words.replace(/-/g, "−");
const short = (x) => {
  if (!Number.isFinite(x)) return String(x);
  if ((x && Math.abs(x) < 0.0005) || Math.abs(x) >= 1e5) return minus(x.toExponential(1));
  return minus(String(Number(x.toFixed(3))));
};
const long = (x) => minus(String(Number(x.toPrecision(4))));
const plain = (words) => words.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`); // a student's own name
const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
};

// The LaTeX of a symbol of notation.toml, layer and unit filled in, as text with <sup> and <sub>.
const SIGNS = { sigma: "σ", delta: "δ", partial: "∂", nabla: "∇", theta: "θ", ell: "ℓ", top: "ᵀ" };
function symbol(latex, { l, i, j } = {}) {
  const filled = latex.split(",")[0]
    .replace(/\\text\{([^}]*)\}/g, (_, words) => words.replace(/_/g, "\u0001").replace(/l/g, "\u0002"))
    .replace(/\\mathcal\s*L|\\mathscr\s*L/g, "ℒ").replace(/\\hat\s*(\w)/g, "$1\u0302")
    .replace(/\\(\w+)/g, (_, name) => (name in SIGNS ? SIGNS[name] : ""))
    .replace(/l\+1/g, l + 1).replace(/\bl\b|l(?=[ij}])|(?<=_|\^)l/g, l ?? "l")
    .replace(/(?<![a-z])ij(?![a-z])/g, `${i ?? "i"}${j ?? "j"}`)
    .replace(/(?<![a-z])ji(?![a-z])/g, `${j ?? "j"}${i ?? "i"}`);
  const marked = filled.replace(/([\^_])(?:\{([^{}]*)\}|(\w))/g,
    (_, kind, group, one) => `<${kind === "^" ? "sup" : "sub"}>${group ?? one}</${kind === "^" ? "sup" : "sub"}>`);
  return marked.replace(/\u0001/g, "_").replace(/\u0002/g, "l");
}

// Every operation's formula and slopes in letters; a, b are the names of its parents.
const LETTERS = {
  "+": ["a + b", "1", "1"], "−": ["a − b", "1", "−1"], "×": ["a × b", "b", "a"],
  "÷": ["a ÷ b", "1/b", "−a/b²"], "neg": ["−a", "−1"], "exp": ["exp(a)", "exp(a)"],
  "log": ["log(a)", "1/a"], "tanh": ["tanh(a)", "1 − tanh²(a)"], "σ": ["σ(a)", "σ(a)·(1 − σ(a))"],
  "relu": ["max(0, a)", "1 | 0"], "max": ["max(a, b)", "1 | 0", "1 | 0"],
  "^": ["a^b", "b·a^(b−1)", "a^b·log(a)"],
  "@": ["a @ b", "upstream @ bᵀ", "aᵀ @ upstream"],
};

export function mount(root, data) {
  const { program, labels, dialects } = data;
  if (data.message) {
    root.append(element("p", { class: "bpc-message", role: "alert" }, data.message));
    return () => {};
  }
  const { nodes } = program, operations = nodes.map((n, id) => id).filter((id) => nodes[id].op);
  const last = 2 * operations.length + 1;
  const leaves = {};
  let state = compute(program), position = 0, chosen = null, dialect = dialects[0], timer = null;
  const users = nodes.map((_, id) => nodes.flatMap((node, child) =>
    node.parents.flatMap((parent, slot) => (parent === id && node.role !== "target" ? [[child, slot]] : []))));

  const picture = element("div", { class: "bpc-picture", role: "group", "aria-label": labels.picture });
  picture.innerHTML = data.svg;
  const svg = picture.querySelector("svg");
  svg.setAttribute("role", "group");
  svg.style.minWidth = `${0.8 * svg.viewBox.baseVal.width}px`; // small print stays legible: rather scroll
  const box = {}, line = {};
  svg.querySelectorAll("[data-node]").forEach((g) => { box[g.dataset.node] = g; });
  svg.querySelectorAll("[data-edge]").forEach((g) => { line[g.dataset.edge] = g; });

  const button = (name, sign, act) => element("button",
    { type: "button", "data-act": name, "aria-label": labels[name], title: labels[name], onclick: act }, sign);
  const stop = () => { clearInterval(timer); timer = null; play.textContent = "▶"; play.setAttribute("aria-label", labels.play); };
  const go = (to) => { position = Math.min(Math.max(to, 0), last); if (position === last) stop(); show(); };
  const toggle = () => {
    if (timer) return stop();
    if (position === last) position = 0;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) { // straight to the end of the pass
      return go(position < operations.length ? operations.length : last);
    }
    timer = setInterval(() => { if (!root.isConnected) return stop(); go(position + 1); }, 900);
    play.textContent = "❚❚"; play.setAttribute("aria-label", labels.pause);
    return go(position + 1);
  };
  const play = button("play", "▶", toggle);
  const slider = element("input", { type: "range", min: 0, max: last, step: 1, value: 0,
    "aria-label": labels.position, oninput: () => { stop(); go(Number(slider.value)); } });
  const choice = element("select", { "aria-label": labels.notation, onchange: () => { dialect = dialects[choice.selectedIndex]; show(); } },
    ...dialects.map((d) => element("option", {}, d.name)));
  const step = (by) => () => { stop(); go(position + by); };
  const controls = element("div", { class: "bpc-controls", role: "toolbar", "aria-label": labels.controls },
    button("restart", "|◀", () => { stop(); go(0); }), button("back", "◀", step(-1)), play,
    button("step", "▶|", step(1)), button("end", "▶▶|", () => { stop(); go(last); }), slider);
  if (nodes.some((n) => n.layer)) controls.append(choice);
  const message = element("p", { class: "bpc-message", role: "alert" });
  const told = element("div", { class: "bpc-told", "aria-live": "polite" });
  const details = element("div", { class: "bpc-details" });
  root.append(controls, picture, message, told, details);
  const app = root;
  app.tabIndex = -1;
  app.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const keys = { ArrowRight: step(1), ArrowLeft: step(-1), Home: step(-last), End: step(last) };
    if (event.key === " " && !event.target.closest("button, [data-node], [data-edge]")) toggle();
    else if (keys[event.key]) keys[event.key]();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  // What is known at this position.
  const forwardDone = (id) => !nodes[id].op || operations.indexOf(id) < position;
  const pulled = (id) => position >= last - operations.indexOf(id); // its backward step is done
  const received = (id) => users[id].filter(([child, slot]) =>
    state.contributions[child][slot] && pulled(child));
  const expected = (id) => users[id].filter(([child, slot]) => state.contributions[child][slot]);
  const gradient = (id) => {
    if (id === program.root) return position > operations.length ? state.grads[id] : null;
    const parts = received(id);
    if (!parts.length) return null;
    return parts.map(([child, slot]) => state.contributions[child][slot])
      .reduce((total, share) => total.map((x, k) => x + share[k]));
  };
  const active = () => {
    if (position === 0 || position === operations.length + 1) return null;
    return position <= operations.length ? operations[position - 1] : operations[last - position];
  };

  const at = (id) => ({ l: nodes[id].layer === undefined ? undefined : nodes[id].layer + shift(nodes[id].kind), i: nodes[id].unit, j: nodes[id].source });
  const shift = (kind) => (kind === "W" || kind === "b" ? dialect.first - 1 : dialect.input);
  const KIND = { z: "pre_activation", a: "activation", y_hat: "output", y: "target", W: "weights", loss: "loss" };
  const indexed = (words, i) => (i === undefined ? words : `${words}<sub>${i}</sub>`);
  const name = (id) => {
    const { kind, unit, name: own, size } = nodes[id];
    if (dialect === dialects[0] || !(kind in KIND)) return plain(own) || short(state.values[id][0]);
    const latex = kind === "W" && size === 1 ? dialect.weight : dialect[KIND[kind]];
    if (latex.includes("–")) return plain(own);
    return kind === "W" && size === 1 ? symbol(latex, at(id)) : indexed(symbol(latex, at(id)), unit);
  };
  const slopeName = (id) => {
    if (nodes[id].kind === "z" && dialect.error && !dialect.error.includes("–")) return indexed(symbol(dialect.error, at(id)), nodes[id].unit);
    return `∂${name(program.root)}/∂${name(id)}`;
  };
  const numbers = (array) => (array.length === 1 ? long(array[0])
    : array.length <= 36 ? `[${Array.from(array, short).join(", ")}]` : `${array.length} ${labels.numbers}`);
  const shape = (id) => (nodes[id].size === 1 ? "" : ` <small>(${nodes[id].shape.join(", ")})</small>`);

  const formula = (id) => {
    const { op, parents, detail } = nodes[id], [a, b] = parents.map(name);
    const letters = LETTERS[op];
    if (letters) return `${name(id)} = ${letters[0].replace(/\b[ab]\b/g, (x) => (x === "a" ? a : b))}`;
    if (op === "power") return `${name(id)} = ${a}<sup>${short(detail)}</sup>`;
    if (op === "affine") {
      const terms = parents.slice(1).map(name);
      const pairs = terms.flatMap((w, k) => (k % 2 ? [] : [`${w} ${terms[k + 1]}`]));
      return `${name(id)} = ${pairs.join(" + ")} + ${a}`;
    }
    return `${name(id)} = ${op === "rows" ? detail.loss : op}(${parents.map(name).join(", ")})`;
  };
  const inNumbers = (id) => {
    const { op, parents, size } = nodes[id];
    if (size > 1 || parents.some((p) => nodes[p].size > 1)) return "";
    const v = parents.map((p) => (state.values[p][0] < 0 ? `(${short(state.values[p][0])})` : short(state.values[p][0])));
    if (op === "affine") return `= ${v.slice(1).flatMap((w, k, all) => (k % 2 ? [] : [`${w}·${all[k + 1]}`])).join(" + ")} + ${v[0]} `;
    return LETTERS[op] && op !== "relu" ? `= ${LETTERS[op][0].replace(/\b[ab]\b/g, (x) => v[x === "a" ? 0 : 1])} ` : "";
  };
  const slopeLetters = (id, s) => {
    const { op, parents } = nodes[id], letters = LETTERS[op]?.[s + 1];
    if (letters) return letters.replace(/\b[ab]\b/g, (x) => name(parents[x === "a" ? 0 : 1]));
    if (op === "affine") return s ? name(parents[((s - 1) ^ 1) + 1]) : "1";
    return "";
  };
  const backTable = (id) => {
    const { parents } = nodes[id], up = state.grads[id];
    const rows = parents.flatMap((parent, s) => {
      const share = state.contributions[id][s];
      if (!share) return [];
      const local = state.locals[id][s], letters = slopeLetters(id, s);
      const many = expected(parent), arrived = received(parent);
      const total = many.length < 2 ? "" : `${slopeName(parent)} = ${arrived.map(([c, k]) => numbers(state.contributions[c][k])).join(" + ") || "…"}`
        + (arrived.length < many.length ? ` + … (${labels.waits} ${many.length - arrived.length})` : ` = ${numbers(state.grads[parent])}`);
      return [`<tr><th scope="row">→ ${name(parent)}</th><td>${local ? numbers(local) : ""}${letters ? ` <small>${letters}</small>` : ""}</td><td>× ${numbers(up)}</td><td class="bpc-grad" data-share="${id}.${s}">= ${numbers(share)}</td><td>${total}</td></tr>`];
    });
    return `<table><thead><tr><th scope="col">${labels.edge}</th><th scope="col">${labels.local}</th><th scope="col">× ${labels.upstream}</th><th scope="col">= ${labels.contribution}</th><th scope="col">${labels.sum}</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
  };
  const tell = () => {
    const id = active(), count = `<b>${position} / ${last}</b> `;
    if (position === 0) return count + labels.start;
    if (id === null) return `${count}${labels.seed} ${slopeName(program.root)} = 1`;
    if (position <= operations.length) return `${count}${labels.forward}: ${formula(id)} ${inNumbers(id)}= <span class="bpc-value">${numbers(state.values[id])}</span>${shape(id)}`;
    return `${count}${labels.backward}: ${formula(id)}, ${slopeName(id)} = <span class="bpc-grad">${numbers(state.grads[id])}</span>${backTable(id)}`;
  };

  const fillBox = (id) => {
    const g = box[id], known = forwardDone(id), slope = gradient(id);
    const waiting = slope && received(id).length < expected(id).length;
    g.classList.toggle("unknown", !known);
    g.classList.toggle("ungraded", !slope);
    g.classList.toggle("active", active() === id);
    g.classList.toggle("chosen", chosen === String(id));
    const title = g.querySelector(".title");
    if (nodes[id].layer || nodes[id].kind) {
      title.dataset.own ??= title.textContent;
      if (dialect === dialects[0]) title.textContent = title.dataset.own;
      else svgText(title, name(id));
    }
    if (nodes[id].size === 1) {
      g.querySelector(".value").textContent = known ? short(state.values[id][0]) : "?";
      const seen = nodes[id].role === "target" ? "" : slope ? short(slope[0]) + (waiting ? " + …" : "") : "?";
      g.querySelector(".grad").textContent = seen;
    } else {
      heat(g.querySelector(".heat.value"), known ? state.values[id] : null);
      heat(g.querySelector(".heat.grad"), slope);
    }
    const words = nodes[id].size === 1 ? g.querySelector(".value").textContent : `(${nodes[id].shape.join(", ")})`;
    g.setAttribute("aria-label", `${title.textContent}: ${words}; ${labels.gradient} ${slope && nodes[id].size === 1 ? short(slope[0]) : slope ? "" : labels.unknown}`);
  };
  const heat = (g, values) => {
    const top = values ? Math.max(...Array.from(values, Math.abs)) || 1 : 1;
    g.querySelectorAll(".cell").forEach((cell) => {
      const x = values?.[Number(cell.dataset.k)];
      cell.setAttribute("class", `cell ${x === undefined ? "unknown" : x < 0 ? "negative" : "positive"}`);
      cell.setAttribute("fill-opacity", x === undefined ? 0 : (Math.abs(x) / top).toFixed(2));
    });
  };
  const svgText = (target, html) => {
    target.textContent = "";
    let down = 0;
    html.split(/(<sup>.*?<\/sup>|<sub>.*?<\/sub>)/).filter(Boolean).forEach((part) => {
      const kind = part.startsWith("<sup>") ? -5 : part.startsWith("<sub>") ? 4 : 0;
      const span = document.createElementNS("http://www.w3.org/2000/svg", "tspan");
      span.textContent = part.replace(/<[^>]*>/g, "");
      span.setAttribute("dy", kind - down);
      if (kind) span.setAttribute("font-size", "9");
      down = kind;
      target.append(span);
    });
  };
  const fillEdge = (key) => {
    const [child, slot] = key.split(".").map(Number), id = active();
    const back = position > operations.length + 1, share = state.contributions[child][slot];
    const node = nodes[child], weight = node.op === "affine" ? node.parents[slot - 1] : null;
    const label = line[key].querySelector(".label");
    label.dataset.still ??= label.textContent;
    line[key].classList.toggle("active", child === id);
    line[key].classList.toggle("back", back && child === id);
    line[key].classList.toggle("chosen", chosen === key);
    label.textContent = back && child === id && share && share.length === 1 ? short(share[0])
      : weight !== null && label.dataset.still ? short(state.values[weight][0]) : "";
    line[key].setAttribute("aria-label", `${nodes[node.parents[slot]].name} → ${node.name}`);
  };

  // The numbers of a leaf, to be changed.
  const editor = (id) => {
    const { size, shape: lengths } = nodes[id], columns = lengths.at(-1) ?? 1;
    if (size > 64) return element("span", {}, `${size} ${labels.numbers}`);
    const grid = element("span", { class: "bpc-grid", style: `grid-template-columns: repeat(${columns}, auto)` });
    state.values[id].forEach((x, k) => {
      const input = element("input", { type: "number", step: "any", value: x, "data-leaf": id, "data-k": k,
        "aria-label": `${nodes[id].name}${size > 1 ? `, ${k + 1}` : ""}` });
      input.addEventListener("input", () => {
        const value = input.value.trim() === "" ? NaN : Number(input.value);
        if (!Number.isFinite(value)) { message.textContent = `${nodes[id].name}: ${labels.finite}`; input.setAttribute("aria-invalid", "true"); return; }
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
  const leafRow = (id) => element("label", { class: `bpc-leaf ${nodes[id].role}` }, (() => { const s = element("span"); s.innerHTML = `${name(id)} = `; return s; })(), editor(id));
  const detail = () => {
    details.replaceChildren();
    const words = (html) => { const p = element("div", { class: "bpc-words" }); p.innerHTML = html; details.append(p); };
    const row = element("div", { class: "bpc-leaves" });
    if (chosen === null) {
      words(labels.choose);
      nodes.forEach((n, id) => { if (!n.op && n.kind !== "W" && n.kind !== "b" && n.size <= 12) row.append(leafRow(id)); });
    } else if (chosen.includes(".")) {
      const [child, slot] = chosen.split(".").map(Number), parent = nodes[child].parents[slot];
      const weight = nodes[child].op === "affine" ? nodes[child].parents[slot - 1] : null;
      words(`<b>${name(parent)} → ${name(child)}</b>: ${formula(child)}`);
      if (pulled(child) && state.contributions[child][slot]) words(backTable(child));
      if (weight !== null) {
        words(`${slopeName(weight)} = ${slopeName(child)} · ${name(parent)} = ${pulled(child) ? `<span class="bpc-grad">${numbers(state.grads[weight])}</span>` : "?"}`);
        row.append(leafRow(weight));
      }
    } else {
      const id = Number(chosen), slope = gradient(id);
      words(`<b>${nodes[id].op ? formula(id) : name(id)}</b>${shape(id)}: ${forwardDone(id) ? `${inNumbers(id) || "= "}= <span class="bpc-value">${numbers(state.values[id])}</span>`.replace("= = ", "= ") : labels.unknown}`);
      if (nodes[id].role !== "target") words(`${slopeName(id)} = <span class="bpc-grad">${slope ? numbers(slope) : labels.unknown}</span>`);
      if (!nodes[id].op) row.append(leafRow(id));
      nodes[id].parents.forEach((p) => { if (nodes[p].kind === "W" || nodes[p].kind === "b") if (!nodes[p].op && nodes[p].size === 1) row.append(leafRow(p)); });
    }
    details.append(row);
  };
  const follow = () => { // what is computed now stays in view
    if (active() === null || picture.scrollWidth <= picture.clientWidth) return;
    const middle = (g) => { const { left, width } = g.getBoundingClientRect(); return left + width / 2; };
    picture.scrollLeft += middle(box[active()]) - middle(picture);
  };
  const show = (next = state, rebuild = true) => {
    state = next;
    slider.value = position;
    slider.setAttribute("aria-valuetext", `${position} / ${last}`);
    root.dataset.position = position;
    const bad = nodes.findIndex((_, id) => !state.values[id].every(Number.isFinite));
    message.textContent = bad < 0 ? "" : `${nodes[bad].name || nodes[bad].op}: ${labels.overflow}`;
    Object.keys(box).forEach((id) => fillBox(Number(id)));
    follow();
    Object.keys(line).forEach(fillEdge);
    told.innerHTML = tell();
    if (rebuild) detail();
  };

  // Weights have paths: everything that a push there reaches.
  const reach = (key, on) => {
    Object.values(line).forEach((g) => g.classList.remove("path"));
    if (!on) return;
    const reached = new Set([Number(key.split(".")[0])]);
    line[key].classList.add("path");
    nodes.forEach((node, child) => node.parents.forEach((parent, slot) => {
      if (reached.has(parent)) { reached.add(child); line[`${child}.${slot}`]?.classList.add("path"); }
    }));
  };
  const choose = (key) => { chosen = chosen === key ? null : key; show(); };
  for (const [table, key] of [[line, "edge"], [box, "node"]]) {
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
  show();
  return () => stop();
}
