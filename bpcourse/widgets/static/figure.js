// A figure with controls in a page: what stands on it comes from Python, what it shows is computed
// here. Each figure adds itself to FIGURES: outcome(values, data) gives the numbers by name, as
// `compute` does in Python, and build(stage) makes the picture and returns what draws it.

export const FIGURES = {};
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const BUDGET = { hand: 3, frame: 6 }; // ms for what takes long: at once, and in each frame after
const SAID_AFTER = 600; // ms of rest until a screen reader is told

const slider = (spec, set) => {
  const powers = spec.kind === "powers";
  const input = make("input", {
    type: "range",
    min: spec.low,
    max: spec.high,
    step: spec.step,
    name: spec.name,
  });
  const value = () => {
    const at = Number(input.valueAsNumber.toFixed(9));
    if (!powers) return at;
    return spec.digits ? Number((10 ** at).toPrecision(spec.digits)) : 10 ** at;
  };
  input.addEventListener("input", () => set(value()));
  const read = make("span", { class: "bpc-read", "aria-hidden": "true" });
  const show = (value) => {
    input.value = powers ? Math.log10(value) : value;
    const words = shown(value, spec.format);
    write(read, words);
    tag(input, "aria-valuetext", words);
  };
  return { parts: [input, read], show };
};
const menu = (spec, set) => {
  const options = spec.options.map(([label, value]) => {
    const option = make("option", {}, label);
    option.own = value;
    return option;
  });
  const select = make("select", { name: spec.name }, ...options);
  select.addEventListener("change", () => set(select.selectedOptions[0].own));
  const show = (value) => {
    select.selectedIndex = options.findIndex(({ own }) => own === value);
  };
  return { parts: [select], show };
};
// Lets a slider run to its end, a step each `spec.play` milliseconds.
const player = (spec, labels, values, set) => {
  let timer = 0;
  const button = make("button", { type: "button", "data-act": "play" });
  const say = () => {
    button.textContent = timer ? "❚❚" : "▶";
    button.setAttribute("aria-label", timer ? labels.pause : labels.play);
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    say();
  };
  const step = () => {
    const next = values()[spec.name] + 1;
    if (next > spec.high || !button.isConnected) return stop();
    return set(next);
  };
  button.addEventListener("click", () => {
    if (timer) return stop();
    if (still()) return set(spec.high); // its slider does the same, at the reader's own pace
    if (values()[spec.name] >= spec.high) set(spec.low);
    timer = setInterval(step, spec.play);
    return say();
  });
  say();
  return { button, stop, playing: () => Boolean(timer) };
};

// `data` comes from Python (bpcourse.widgets.explorer); `changed(values)` is told of each change.
export function mountFigure(root, data, values, changed = () => {}) {
  const { labels, formats, controls, formulas } = data;
  const figure = FIGURES[data.figure];
  const shows = {},
    players = [],
    plots = [];
  let waiting = 0,
    frame = 0,
    changes = 0, // by the hand: before the first one nothing is said aloud
    seen = {}; // what the controls show
  const rows = controls.map((spec) => {
    const act = (value) => set({ [spec.name]: value });
    const { parts, show } = (spec.kind === "menu" ? menu : slider)(spec, act);
    shows[spec.name] = show;
    const label = make("label", {}, make("span", {}, spec.label), parts[0]);
    const row = make("div", { class: `bpc-control ${spec.kind}` }, label, ...parts.slice(1));
    if (spec.play) {
      players.push(player(spec, labels, () => values, act));
      row.append(players.at(-1).button);
    }
    return row;
  });
  const lines = formulas.map(({ symbols, numbers, when }) => {
    const right = make("span", { class: "bpc-numbers" });
    const line = make("p", { class: "bpc-formula" }, rich("span", symbols), right);
    return { line, put: blanks(right, numbers), when };
  });
  const message = make("p", { class: "bpc-message", role: "alert" });
  const says = make("p", { class: "bpc-says" });
  const aloud = make("p", { class: "bpc-unseen", role: "status" });
  const panels = make("div", { class: "bpc-panels" });
  const stage = {
    data,
    set: (part) => set(part),
    root,
    panels,
    add: (...parts) => panels.append(...parts),
    plot: (options) => {
      plots.push(plot(options));
      panels.append(plots.at(-1).root);
      return plots.at(-1);
    },
  };
  const bar = make("div", { class: "bpc-knobs", role: "group", "aria-label": labels.controls });
  bar.append(...rows);
  const told = make("div", { class: "bpc-told" }, ...lines.map(({ line }) => line));
  if (!lines.length) told.hidden = true;
  root.append(bar, told, panels, message, says, aloud);
  const draw = figure.build(stage);

  const later = () => update(BUDGET.frame);
  const update = (budget = BUDGET.hand) => {
    cancelAnimationFrame(frame);
    if (!root.isConnected) {
      frame = requestAnimationFrame(later); // JupyterLab attaches it later: until then no colours
      return;
    }
    for (const [name, show] of Object.entries(shows))
      if (values[name] !== seen[name]) show(values[name]);
    seen = values;
    const found = { ...values, ...figure.outcome(values, data, budget) };
    const sentence = filled(labels[found.says], found, formats);
    write(message, found.refused ? sentence : "");
    if (!found.refused) {
      write(says, sentence);
      for (const { line, put, when = {} } of lines) {
        const other = Object.entries(when).some(([name, value]) => found[name] !== value);
        hide(line, other);
        if (!other) put((template) => filled(template, found, formats));
      }
      draw(values, found, sentence);
      if (found.unfinished) frame = requestAnimationFrame(later);
    }
    clearTimeout(waiting);
    if (!changes) return;
    waiting = setTimeout(() => {
      if (!players.some(({ playing }) => playing())) aloud.textContent = says.textContent;
    }, SAID_AFTER);
  };
  const set = (part) => {
    changes += 1;
    values = { ...values, ...part };
    update();
    changed(values);
  };
  update();
  return {
    set(others) {
      values = others;
      update();
    },
    stop() {
      clearTimeout(waiting);
      cancelAnimationFrame(frame);
      players.forEach((one) => one.stop());
      plots.forEach((one) => one.stop());
    },
  };
}
