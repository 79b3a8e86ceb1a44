/** Numbers in [0, 1) that follow from the seed (mulberry32), so that a run's choices can be made again. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The seed that the environment names, or a new one. */
export function seedOf(text: string | undefined): number {
  return text ? Number(text) >>> 0 : Math.floor(Math.random() * 2 ** 32);
}
