// Numbers as figures show them, digit for digit as bpcourse.text.numbers does.

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const raised = (power) =>
  String(power)
    .replace("-", "⁻")
    .replace(/\d/g, (digit) => RAISED[digit]);
// JavaScript rounds a tie up, Python to the even digit: `rounded` as Python does, if `exact`, the
// same number with more digits than it has, is a tie.
const even = (rounded, exact) => {
  const [kept, cut] = [exact.slice(0, rounded.length), exact.slice(rounded.length)];
  return /^\.?50*$/.test(cut) && "02468".includes(kept.at(-1)) ? kept : rounded;
};
const fixed = (x, decimals) => even(x.toFixed(decimals), x.toFixed(decimals + 50));
const trimmed = (words) => (words.includes(".") ? words.replace(/\.?0+$/, "") : words);
const significant = (x, digits) => {
  const [, exponent] = x.toExponential(digits - 1).split("e");
  const power = Number(exponent);
  if (power >= -3 && power < 5) return trimmed(fixed(x, Math.max(0, digits - 1 - power)));
  const [exact] = x.toExponential(digits + 49).split("e");
  const [rounded] = x.toExponential(digits - 1).split("e");
  return `${trimmed(even(rounded, exact))}·10${raised(power)}`;
};

const LONG = 1e7; // from here on a number is shown by its first digits
// A format is ".3f" (three decimals), ".3t" (three at most), ".4g" (four digits that count) or ","
// (a whole number).
export function shown(x, format = ".4g") {
  if (typeof x !== "number") return String(x);
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "?" : x < 0 ? "−∞" : "∞";
  if (x === 0 && !format.endsWith("f")) return "0";
  const size = Math.abs(x),
    digits = Number(format.slice(1, -1));
  const words =
    format.endsWith("f") && size < LONG
      ? fixed(size, digits)
      : format === "," && size < LONG
        ? String(size).replace(/\B(?=(\d{3})+$)/g, "\u202f")
        : !format.endsWith("t")
          ? significant(size, digits || 3)
          : size >= 0.5 * 10 ** -digits && size < 1e5
            ? trimmed(fixed(size, digits))
            : significant(size, 2);
  return (x < 0 && /[1-9]/.test(words) ? "−" : "") + words;
}

// `template` with its {names} in place; {name!} stands in parentheses where it is negative.
export function filled(template, found, formats = {}) {
  return template.replace(/\{(\w+)(!?)\}/g, (_, name, wrapped) => {
    const words = shown(found[name], formats[name]);
    return wrapped && words.startsWith("−") ? `(${words})` : words;
  });
}
