// What the pages do by themselves: guesses are judged and kept, ends fold, progress is remembered.

// The theme's icons stand still: their script need not look at each change of a figure.
window.FontAwesomeConfig = { observeMutations: false };

const kept = (key) => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // a browser may refuse its storage: the page goes on without
  }
};
const keep = (key, value) => {
  try {
    localStorage.setItem(key, value);
  } catch {
    /* the page goes on without */
  }
};

// A guess as people write it: 0.98 or 98 %, (2, 4) or 2, 4, \u2212 or -.
const plain = (guess) =>
  String(guess)
    .trim()
    .replace(/\u2212/g, "-")
    .replace(/^["'([]+|["')\]]+$/g, "")
    .replace(/,\s*$/, "")
    .replace(/\s*,\s*/g, ",")
    .toLowerCase();
const number = (guess) => {
  const percent = /^(-?[\d.]+)\s*%$/.exec(guess);
  const value = percent ? Number(percent[1]) / 100 : Number(guess);
  return guess === "" || Number.isNaN(value) ? null : value;
};
const same = (guess, wanted, form) => {
  const [a, b] = [plain(guess), plain(wanted)];
  if (a === b) return true;
  let x = number(a);
  const y = number(b);
  if (x === null || y === null) return false;
  if (form === "exponent" && x > 0 && x < 1) x = Math.log10(x);
  const decimals = (/\.(\d+)/.exec(a) || ["", ""])[1].length;
  const away = Math.abs(x - y);
  return away <= 0.5000001 * 10 ** -decimals && away <= 0.05 * Math.abs(y) + 1e-12;
};

document.querySelectorAll(".bpc-guess").forEach((form) => {
  const known = JSON.parse(
    new TextDecoder().decode(Uint8Array.from(atob(form.dataset.known), (c) => c.charCodeAt(0))),
  );
  const labels = JSON.parse(form.dataset.labels);
  const status = form.querySelector("[role=status]");
  const key = `bpcourse.guess.${form.dataset.id}`;
  const reveal = [...document.querySelectorAll(".tag_bpc-reveal")].find(
    (one) => form.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING,
  );
  if (reveal) reveal.hidden = true;
  const open = (guess) => {
    if (reveal) reveal.hidden = false;
    if (guess === null) return;
    const wrong = Object.entries(known.wrong).find(([idea]) => same(guess, idea, known.form));
    const verdict = same(guess, known.answer, known.form)
      ? labels.right
      : wrong
        ? wrong[1]
        : labels.other;
    status.innerHTML = "";
    status.append(`${labels.said} ${guess}. `);
    const said = document.createElement("span");
    said.className = "mathjax_process";
    said.textContent = verdict
      .replace(/\$([^$]+)\$/g, "\\($1\\)")
      .replace(/\*/g, "")
      .replace(/\{\{/g, "{")
      .replace(/\}\}/g, "}");
    status.append(said);
    window.MathJax?.typesetPromise?.([said]);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const guess = form.guess.value.trim();
    if (!guess) return form.guess.focus();
    const first = kept(key) ?? guess;
    keep(key, first);
    open(first);
  });
  form.querySelector(".skip").addEventListener("click", () => open(null));
  const before = kept(key);
  if (before !== null) {
    form.guess.value = before;
    open(before);
  }
});

// What stands behind the fold.
const ends = [
  "Checks of this lesson",
  "Why it is true",
  "In your lecture\u2019s letters",
  "In your lecture's letters",
];
document.querySelectorAll("section > h2").forEach((heading) => {
  const title = heading.firstChild?.textContent?.trim();
  if (!ends.includes(title)) return;
  const fold = document.createElement("details");
  const summary = document.createElement("summary");
  summary.textContent = title;
  fold.className = "bpc-fold";
  fold.append(summary);
  while (heading.nextSibling) fold.append(heading.nextSibling);
  heading.classList.add("bpc-unseen");
  heading.after(fold);
});

// What is wider than the page can be scrolled, by keys too.
// An element within a line has no width of its own: the line's is that of the block around it.
const lineOf = (place) => place.clientWidth || lineOf(place.parentElement);
const fit = () => {
  const inWords = [...document.querySelectorAll("mjx-container:not([display])")];
  inWords.forEach((one) => one.classList.remove("bpc-wide"));
  inWords
    .filter((one) => one.offsetWidth > lineOf(one.parentElement) + 1 && !one.closest("table"))
    .forEach((one) => one.classList.add("bpc-wide"));
  // A formula with its shapes beside it is set a little smaller, so that it can be read at one look. On a
  // phone the shapes stand below it.
  const displayed = [...document.querySelectorAll("mjx-container[display], .bpc-wide")];
  const part = (one) => one.clientWidth / one.scrollWidth;
  displayed.forEach((one) => {
    one.classList.remove("bpc-stacked", "bpc-scrolled");
    one.style.removeProperty("--in-line");
  });
  displayed.filter((one) => part(one) < 0.8).forEach((one) => one.classList.add("bpc-stacked"));
  displayed
    .filter((one) => part(one) < 1 && one.offsetParent)
    .map((one) => [one, part(one)])
    .forEach(([one, small]) => {
      one.style.setProperty("--in-line", Math.max(2 / 3, small - 0.01));
      one.classList.toggle("bpc-scrolled", small < 2 / 3);
    });
  document.querySelectorAll("figure.bpc-picture, .bpc-still, .output.text_html").forEach((one) => {
    if (one.scrollWidth > one.clientWidth + 1) one.tabIndex = 0;
    else one.removeAttribute("tabindex");
  });
};
// What follows a formula, such as a full stop, begins no line, and a bracket before it ends none.
const hold = () => {
  const cut = (node, sign) => {
    const [found] = sign.exec(node?.nodeType === Node.TEXT_NODE ? node.data : "") ?? [""];
    if (found) node.data = node.data.replace(sign, "");
    return found;
  };
  document.querySelectorAll("mjx-container:not([display])").forEach((one) => {
    const formula = one.closest("span.math") ?? one;
    const before = cut(formula.previousSibling, /\($/);
    const after = cut(formula.nextSibling, /^[.,;:?!)]+/);
    if (!before && !after) return;
    const whole = document.createElement("span");
    whole.className = "bpc-whole";
    formula.replaceWith(whole);
    whole.append(before, formula, after);
  });
};
let wide = 0; // the line changes with the window, and with what stands beside the text
const article = document.querySelector(".bd-article") ?? document.body;
new ResizeObserver(() => {
  if (article.clientWidth === wide) return;
  wide = article.clientWidth;
  fit();
}).observe(article);
document.addEventListener("toggle", fit, true); // what was folded had no width
addEventListener("load", () => {
  Promise.resolve(window.MathJax?.startup?.promise).then(() => {
    hold();
    fit();
  });
});

// Paper is white, and a formula or a table that is wider than its lines is set smaller.
const LINE = 46; // em: of A4 with wide margins
let theme = "";
addEventListener("beforeprint", () => {
  document.querySelectorAll("mjx-container[display], .bd-content table").forEach((one) => {
    const wide = one.matches("table") ? one : one.firstElementChild;
    if (wide === one) one.style.width = "min-content"; // its sentences may be broken
    const ems = wide.offsetWidth / parseFloat(getComputedStyle(one.parentElement).fontSize);
    if (wide === one) one.style.removeProperty("width");
    if (ems > LINE) one.style.setProperty("--on-paper", LINE / ems);
  });
  theme = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
});
addEventListener("afterprint", () => {
  document.documentElement.dataset.theme = theme;
});

// Lessons that were read to the end carry a mark.
const page = location.pathname.split("/").pop();
const bottom = document.querySelector(".prev-next-area, footer");
if (bottom && location.pathname.includes("/lectures/")) {
  new IntersectionObserver((seen) => {
    if (seen.some((one) => one.isIntersecting)) keep(`bpcourse.read.${page}`, "1");
  }).observe(bottom);
}
document
  .querySelectorAll(".bd-sidebar-primary a.reference, .toctree-wrapper a.reference")
  .forEach((link) => {
    const name = link.pathname.split("/").pop();
    if (link.pathname.includes("/lectures/") && kept(`bpcourse.read.${name}`))
      link.classList.add("bpc-read");
  });
