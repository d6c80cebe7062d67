// Random numbers that Python and the page draw alike: bpcourse.widgets.draws, number for number.

export function draws(seed) {
  let state = seed;
  const one = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const uniform = (count) => Float64Array.from({ length: count }, one);
  const normal = (count) => {
    const drawn = uniform(count + (count % 2));
    for (let k = 0; k < count; k += 2) {
      const size = Math.sqrt(-2 * Math.log(1 - drawn[k])),
        angle = 2 * Math.PI * drawn[k + 1];
      drawn[k] = size * Math.cos(angle);
      drawn[k + 1] = size * Math.sin(angle);
    }
    return drawn.slice(0, count);
  };
  const order = (count) => {
    const drawn = uniform(count);
    return Array.from(drawn, (_, k) => k).sort((a, b) => drawn[a] - drawn[b] || a - b);
  };
  return { uniform, normal, order };
}
