// The stepper's words: numbers, symbols, formulas, and the sentence and table of a step.

const minus = (words) => words.replace(/-/g, "−");
const short = (x) => {
  if (!Number.isFinite(x)) return String(x);
  if ((x && Math.abs(x) < 0.0005) || Math.abs(x) >= 1e5) {
    const [digits, power] = x.toExponential(1).split("e");
    const raised = power.replace(/\D/, (c) => (c === "-" ? "⁻" : ""));
    return minus(`${Number(digits)}·10${raised.replace(/\d/g, (d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d])}`);
  }
  return minus(String(Number(x.toFixed(3))));
};
const long = (x) => minus(String(Number(x.toPrecision(4))));
const plain = (words) => words.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`); // a student's own name

// The LaTeX of a symbol of notation.toml, layer and unit filled in, as text with <sup> and <sub>.
const SIGNS = { sigma: "σ", delta: "δ", partial: "∂", nabla: "∇", theta: "θ", ell: "ℓ", top: "ᵀ" };
function symbol(latex, { l, i, j } = {}) {
  const filled = latex
    .split(",")[0]
    .replace(/\\text\{([^}]*)\}/g, (_, words) =>
      words.replace(/_/g, "\ue001").replace(/l/g, "\ue002"),
    )
    .replace(/\\mathcal\s*L|\\mathscr\s*L/g, "ℒ")
    .replace(/\\hat\s*(\w)/g, "$1\u0302")
    .replace(/\\(\w+)/g, (_, name) => (name in SIGNS ? SIGNS[name] : ""))
    .replace(/l\+1/g, l + 1)
    .replace(/\bl\b|l(?=[ij}])|(?<=_|\^)l/g, l ?? "l")
    .replace(/(?<![a-z])ij(?![a-z])/g, `${i ?? "i"}${j ?? "j"}`)
    .replace(/(?<![a-z])ji(?![a-z])/g, `${j ?? "j"}${i ?? "i"}`);
  const marked = filled.replace(
    /([\^_])(?:\{([^{}]*)\}|(\w))/g,
    (_, kind, group, one) =>
      `<${kind === "^" ? "sup" : "sub"}>${group ?? one}</${kind === "^" ? "sup" : "sub"}>`,
  );
  return marked.replace(/\ue001/g, "_").replace(/\ue002/g, "l");
}

// Every operation's formula and slopes in letters; a, b are the names of its parents.
const LETTERS = {
  "+": ["a + b", "1", "1"],
  "−": ["a − b", "1", "−1"],
  "×": ["a·b", "b", "a"],
  "÷": ["a ÷ b", "1/b", "−a/b²"],
  neg: ["−a", "−1"],
  sum: ["sum(a)", "1"],
  mean: ["mean(a)", "1/n"],
  largest: ["max(a)", "1 | 0"],
  "leaky relu": ["leaky relu(a)", "1 | slope"],
  softplus: ["softplus(a)", "σ(a)"],
  silu: ["silu(a)", "σ(a)·(1 + a·σ(−a))"],
  gelu: ["gelu(a)", "Φ(a) + a·φ(a)"],
  exp: ["exp(a)", "exp(a)"],
  log: ["log(a)", "1/a"],
  tanh: ["tanh(a)", "1 − tanh²(a)"],
  σ: ["σ(a)", "σ(a)·(1 − σ(a))"],
  relu: ["max(0, a)", "1 | 0"],
  max: ["max(a, b)", "1 | 0", "1 | 0"],
  "^": ["a^b", "b·a^(b−1)", "a^b·log(a)"],
  "@": ["a @ b", "upstream @ bᵀ", "aᵀ @ upstream"],
};

// What is known at the view's position. A view: program, labels, dialects, nodes, operations, last,
// and what changes: state (of compute), position, dialect, chosen.
function knowledge(view) {
  const { program, nodes, operations, last } = view;
  const users = nodes.map((_, id) =>
    nodes.flatMap((node, child) =>
      node.parents.flatMap((parent, slot) =>
        parent === id && node.role !== "target" ? [[child, slot]] : [],
      ),
    ),
  );
  const forwardDone = (id) => !nodes[id].op || operations.indexOf(id) < view.position;
  const pulled = (id) => view.position >= last - operations.indexOf(id); // its backward step is done
  const received = (id) =>
    users[id].filter(([child, slot]) => view.state.contributions[child][slot] && pulled(child));
  const expected = (id) =>
    users[id].filter(([child, slot]) => view.state.contributions[child][slot]);
  const gradient = (id) => {
    if (id === program.root) return view.position > operations.length ? view.state.grads[id] : null;
    const parts = received(id);
    if (!parts.length) return null;
    return parts
      .map(([child, slot]) => view.state.contributions[child][slot])
      .reduce((total, share) => total.map((x, k) => x + share[k]));
  };
  const active = () => {
    if (view.position === 0 || view.position === operations.length + 1) return null;
    return view.position <= operations.length
      ? operations[view.position - 1]
      : operations[last - view.position];
  };
  return { forwardDone, pulled, received, expected, gradient, active };
}

// Names in the view's notation, and what is said of a node or of the step.
function wording(view, { received, expected, active }) {
  const { program, labels, dialects, nodes, operations, last } = view;
  const at = (id) => ({
    l: nodes[id].layer === undefined ? undefined : nodes[id].layer + shift(nodes[id].kind),
    i: nodes[id].unit,
    j: nodes[id].source,
  });
  const shift = (kind) =>
    kind === "W" || kind === "b" ? view.dialect.first - 1 : view.dialect.input;
  const KIND = {
    z: "pre_activation",
    a: "activation",
    y_hat: "output",
    y: "target",
    W: "weights",
    loss: "loss",
  };
  const indexed = (words, i) => (i === undefined ? words : `${words}<sub>${i}</sub>`);
  const name = (id) => {
    const { kind, unit, name: own, size } = nodes[id];
    if (view.dialect === dialects[0] || !(kind in KIND))
      return plain(own) || (size > 1 ? labels.constant : short(view.state.values[id][0]));
    const latex = kind === "W" && size === 1 ? view.dialect.weight : view.dialect[KIND[kind]];
    if (latex.includes("–")) return plain(own);
    return kind === "W" && size === 1
      ? symbol(latex, at(id))
      : indexed(symbol(latex, at(id)), unit);
  };
  const slopeName = (id) => {
    if (nodes[id].kind === "z" && view.dialect.error && !view.dialect.error.includes("–"))
      return indexed(symbol(view.dialect.error, at(id)), nodes[id].unit);
    return `∂${name(program.root)}/∂${name(id)}`;
  };
  const numbers = (array) =>
    array.length === 1
      ? long(array[0])
      : array.length <= 36
        ? `[${Array.from(array, short).join(", ")}]`
        : `${array.length} ${labels.numbers}`;
  const shape = (id) =>
    nodes[id].size === 1 ? "" : ` <small>(${nodes[id].shape.join(", ")})</small>`;

  const formula = (id) => {
    const { op, parents, detail } = nodes[id],
      [a, b] = parents.map(name);
    const letters = LETTERS[op];
    if (letters)
      return `${name(id)} = ${letters[0].replace(/\b[ab]\b/g, (x) => (x === "a" ? a : b))}`;
    if (nodes[id].name.endsWith("ᵀ")) return name(id); // the name says it
    if (op === "power") return `${name(id)} = ${a}<sup>${short(detail)}</sup>`;
    if (op === "affine") {
      const terms = parents.slice(1).map(name);
      const pairs = terms.flatMap((w, k) => (k % 2 ? [] : [`${w}·${terms[k + 1]}`]));
      return `${name(id)} = ${pairs.join(" + ")} + ${a}`;
    }
    return `${name(id)} = ${op === "rows" ? detail.loss : op}(${parents.map(name).join(", ")})`;
  };
  const inNumbers = (id) => {
    const { op, parents, size } = nodes[id];
    if (size > 1 || parents.some((p) => nodes[p].size > 1)) return "";
    const v = parents.map((p) =>
      view.state.values[p][0] < 0
        ? `(${short(view.state.values[p][0])})`
        : short(view.state.values[p][0]),
    );
    if (op === "affine")
      return `= ${v
        .slice(1)
        .flatMap((w, k, all) => (k % 2 ? [] : [`${w}·${all[k + 1]}`]))
        .join(" + ")} + ${v[0]} `;
    return LETTERS[op] && op !== "relu"
      ? `= ${LETTERS[op][0].replace(/\b[ab]\b/g, (x) => v[x === "a" ? 0 : 1])} `
      : "";
  };
  const slopeLetters = (id, s) => {
    const { op, parents } = nodes[id],
      letters = LETTERS[op]?.[s + 1];
    if (letters) return letters.replace(/\b[ab]\b/g, (x) => name(parents[x === "a" ? 0 : 1]));
    if (op === "affine") return s ? name(parents[((s - 1) ^ 1) + 1]) : "1";
    if (op === "take") return "1";
    if (op === "power") {
      const n = nodes[id].detail,
        a = name(parents[0]);
      return n === 2 ? `2·${a}` : `${short(n)}·${a}<sup>${short(n - 1)}</sup>`;
    }
    if (op === "row softmax") return `y·(upstream − Σ y·upstream)`;
    if (op === "rows") return `∂${name(id)}/∂${name(parents[s])}`;
    return "";
  };
  const backTable = (id) => {
    const { parents } = nodes[id],
      up = view.state.grads[id];
    const rows = parents.flatMap((parent, s) => {
      const share = view.state.contributions[id][s];
      if (!share || nodes[parent].role === "constant") return [];
      const local = view.state.locals[id][s],
        letters = slopeLetters(id, s);
      const many = expected(parent),
        arrived = received(parent);
      const total =
        many.length < 2
          ? ""
          : `${slopeName(parent)} = ${arrived.map(([c, k]) => numbers(view.state.contributions[c][k])).join(" + ") || "…"}` +
            (arrived.length < many.length
              ? ` + … (${labels.waits} ${many.length - arrived.length})`
              : ` = ${numbers(view.state.grads[parent])}`);
      return [
        `<tr><th scope="row">→ ${name(parent)}</th><td>${local ? numbers(local) : ""}${letters ? ` <small>${letters}</small>` : ""}</td><td>× ${numbers(up)}</td><td class="bpc-grad" data-share="${id}.${s}">= ${numbers(share)}</td><td>${total}</td></tr>`,
      ];
    });
    return `<table><thead><tr><th scope="col">${labels.edge}</th><th scope="col">${labels.local}</th><th scope="col">× ${labels.upstream}</th><th scope="col">= ${labels.contribution}</th><th scope="col">${labels.sum}</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
  };
  const tell = () => {
    const id = active(),
      count = `<b>${view.position} / ${last}</b> `;
    if (view.position === 0) return count + labels.start;
    if (id === null) return `${count}${labels.seed} ${slopeName(program.root)} = 1`;
    if (view.position <= operations.length)
      return `${count}${labels.forward}: ${formula(id)} ${inNumbers(id)}= <span class="bpc-value">${numbers(view.state.values[id])}</span>${shape(id)}`;
    return `${count}${labels.backward}: ${formula(id)}, ${slopeName(id)} = <span class="bpc-grad">${numbers(view.state.grads[id])}</span>${backTable(id)}`;
  };
  return { name, slopeName, numbers, shape, formula, inNumbers, backTable, tell };
}
