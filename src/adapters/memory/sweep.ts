/** Entries that one step looks at: two for each touch of a map clear it of what is old faster than it can grow. */
const ENTRIES_PER_STEP = 2;

/**
 * Removes entries for which `isOver` holds, a few with each call of the returned step, going round the map for ever.
 * So what nobody asks for again is removed too, without a timer and without a pause that grows with the map.
 */
export function createSweep<K, V>(map: Map<K, V>, isOver: (value: V) => boolean): () => void {
  let entries = map.entries();
  return () => {
    for (let i = 0; i < ENTRIES_PER_STEP; i++) {
      const next = entries.next();
      if (next.done) {
        entries = map.entries();
        return;
      }
      const [key, value] = next.value;
      if (isOver(value)) map.delete(key);
    }
  };
}
