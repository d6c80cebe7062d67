// The stepper's words: numbers, symbols, formulas, and the sentence and table of a step.

const short = (x) => shown(x, ".3t"); // in a box
const plain = (words) => words.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`); // a student's own name

// Names and formulas are MathML; Python (bpcourse.widgets.formulas) has the formulas of operations.
const mn = (words) => `<mn>${words}</mn>`;
const mo = (sign) => `<mo stretchy="false">${sign}</mo>`;
const inPlace = (template, values) => template.replace(/\{(\w+)\}/g, (_, key) => values[key]);
// Pieces of a formula side by side: a line may break between them.
const math = (...pieces) => pieces.map((piece) => `<math>${piece}</math>`).join(" ");

// A name such as z⁽¹⁾₂, X W⁽¹⁾ᵀ or a student's own.
const [UP, DOWN] = ["⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾ᵀ", "₀₁₂₃₄₅₆₇₈₉"];
const FACTOR = new RegExp(`^(.*?)([${UP}]*)([${DOWN}]*)$`, "u");
const level = (marks) => {
  const words = Array.from(
    marks,
    (mark) => "0123456789()⊤"[Math.max(UP.indexOf(mark), DOWN.indexOf(mark))],
  );
  const [, layer, rest] = /^(\(?\d*\)?)(.*)$/.exec(words.join(""));
  return layer && rest ? `<mrow>${mn(layer)}${mo(rest)}</mrow>` : layer ? mn(layer) : mo(rest);
};
const letter = (word) =>
  word === "𝓛"
    ? '<mi mathvariant="normal">ℒ</mi>'
    : `<mi mathvariant="normal"${Array.from(word.normalize("NFC")).length === 1 ? ' class="letter"' : ""}>${plain(word)}</mi>`;
function spelled(name) {
  const factors = name.split(" ").map((factor) => {
    const [, base, up, down] = FACTOR.exec(factor);
    const [above, below] = [up, down].map((marks) => marks && level(marks));
    if (up && down) return `<msubsup>${letter(base)}${below}${above}</msubsup>`;
    if (up) return `<msup>${letter(base)}${above}</msup>`;
    return down ? `<msub>${letter(base)}${below}</msub>` : letter(base);
  });
  return factors.length === 1
    ? factors[0]
    : `<mrow>${factors.join('<mspace width="0.2em"/>')}</mrow>`;
}
// Where a negative number needs parentheses.
const WRAPS = new Set(["+", "−", "×", "neg", "power", "^", "affine"]);

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
  const { program, labels, formulas, nodes, operations, last } = view;
  const inDialect = (id, kind) => {
    const { unit, layer, source } = nodes[id];
    const named = view.dialect.names[unit === undefined ? kind : `${kind}_i`];
    const found = named ?? view.dialect.names[kind];
    const values = { l: layer, m: layer + 1, i: unit, j: source };
    return found && `<mrow>${inPlace(found, values)}</mrow>`;
  };
  const symbol = (id) => {
    const { kind, size } = nodes[id];
    return kind && inDialect(id, kind === "W" && size === 1 ? "w" : kind);
  };
  const value = (id) => short(view.state.values[id][0]);
  const name = (id) => {
    const { name: own, size } = nodes[id];
    if (own) return symbol(id) ?? spelled(own);
    return size > 1 ? `<mtext>${labels.constant}</mtext>` : mn(value(id));
  };
  const slope = (of, by) => {
    const [above, below] = [of, by].map((id) => `<mi mathvariant="normal">∂</mi>${name(id)}`);
    return `<mrow>${above}<mo lspace="0" rspace="0" stretchy="false">/</mo>${below}</mrow>`;
  };
  const slopeName = (id) =>
    (nodes[id].kind === "z" && inDialect(id, "delta")) || slope(program.root, id);
  const numbers = (array) =>
    array.length === 1
      ? shown(array[0])
      : array.length <= 36
        ? `[${Array.from(array, short).join(", ")}]`
        : `${array.length} ${labels.numbers}`;
  const shape = (id) =>
    nodes[id].size === 1 ? "" : ` <small>(${nodes[id].shape.join(", ")})</small>`;

  // What an operation computes, with what it takes written by `spell`: pieces.
  const product = (a, b) => `${a}<mo>·</mo>${b}`;
  const made = (id, spell) => {
    const { op, parents, detail } = nodes[id],
      [a, b, ...others] = parents.map(spell);
    if (op === "affine") {
      const terms = [b, ...others].flatMap((w, k, all) => (k % 2 ? [] : [product(w, all[k + 1])]));
      return [...terms, a].map((term, k) => (k ? `<mo form="infix">+</mo>${term}` : term));
    }
    if (formulas[op]) return [inPlace(formulas[op][0], { a, b, n: short(detail) })];
    const called = `<mtext>${op === "rows" ? detail.loss : op}</mtext>`;
    return [`${called}${mo("(")}${parents.map(spell).join("<mo>,</mo>")}${mo(")")}`];
  };
  const formula = (id) => {
    if (nodes[id].name.endsWith("ᵀ")) return [name(id)]; // the name says it
    const [first, ...more] = made(id, name);
    return [`${name(id)}<mo>=</mo>${first}`, ...more];
  };
  const inNumbers = (id) => {
    const { op, parents, size } = nodes[id];
    if (size > 1 || parents.some((p) => nodes[p].size > 1)) return [];
    if (op !== "affine" && !formulas[op]) return [];
    const wrapped = (p) => {
      const negative = view.state.values[p][0] < 0 && WRAPS.has(op);
      return mn(negative ? `(${value(p)})` : value(p));
    };
    const [first, ...more] = made(id, wrapped);
    return [`<mo form="infix">=</mo>${first}`, ...more];
  };
  const slopeLetters = (id, s) => {
    const { op, parents, detail } = nodes[id],
      [a, b] = parents.map(name);
    if (op === "affine") return s ? name(parents[((s - 1) ^ 1) + 1]) : "";
    if (op === "power" && detail === 2) return product(mn(2), a);
    if (op === "rows") return slope(id, parents[s]);
    const letters = formulas[op]?.[s + 1] ?? "";
    return letters === mn(1)
      ? ""
      : inPlace(letters, { a, b, n: short(detail), less: short(detail - 1) });
  };
  const total = (id) => {
    const many = expected(id),
      arrived = received(id);
    if (many.length < 2) return "";
    const shares = arrived.map(([c, k]) => view.state.contributions[c][k]);
    const sum = shares.map((share, k) => {
      const negative = k && share.length === 1 && share[0] < 0;
      return `${k ? (negative ? "− " : "+ ") : ""}${numbers(negative ? [-share[0]] : share)}`;
    });
    const rest = many.length - arrived.length;
    const end = rest ? `+ … (${labels.waits} ${rest})` : `= ${numbers(view.state.grads[id])}`;
    return `${math(`${slopeName(id)}<mo>=</mo>`)} ${sum.join(" ") || "…"} ${end}`;
  };
  const backTable = (id) => {
    const { parents } = nodes[id],
      up = view.state.grads[id];
    const rows = parents.flatMap((parent, s) => {
      const share = view.state.contributions[id][s];
      if (!share || nodes[parent].role === "constant") return [];
      const local = view.state.locals[id][s],
        letters = slopeLetters(id, s);
      return [
        `<tr><th scope="row">→ ${math(name(parent))}</th><td>${[letters && math(letters), local && numbers(local)].filter(Boolean).join(" = ")}</td><td>× ${numbers(up)}</td><td class="bpc-grad" data-share="${id}.${s}">= ${numbers(share)}</td><td>${total(parent)}</td></tr>`,
      ];
    });
    return `<table><thead><tr><th scope="col">${labels.edge}</th><th scope="col">${labels.local}</th><th scope="col">× ${labels.upstream}</th><th scope="col">= ${labels.contribution}</th><th scope="col">${labels.sum}</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
  };
  const equals = (kind, array) => `= <span class="bpc-${kind}">${numbers(array)}</span>`;
  const tell = () => {
    const id = active(),
      count = `<b>${view.position} / ${last}</b> `;
    if (view.position === 0) return count + labels.start;
    if (id === null)
      return `${count}${labels.seed} ${math(`${slopeName(program.root)}<mo>=</mo><mn>1</mn>`)}`;
    const said = math(...formula(id));
    if (view.position <= operations.length)
      return `${count}${labels.forward}: ${said} ${math(...inNumbers(id))} ${equals("value", view.state.values[id])}${shape(id)}`;
    return `${count}${labels.backward}: ${said}, ${math(slopeName(id))} ${equals("grad", view.state.grads[id])}`;
  };
  return { symbol, name, slopeName, equals, shape, formula, inNumbers, backTable, tell };
}
