/** Chance that comes out the same each time: a test that failed once fails again. */
export function chance(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const upTo = (end: number) => Math.floor(next() * end);
  return { next, upTo, of: <T>(items: readonly T[]): T => items[upTo(items.length)] as T };
}
