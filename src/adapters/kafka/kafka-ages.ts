/** Looks that are kept for one partition: a day of one every 15 s. Beyond, new ends are not noted, and ages are too low. */
const LOOKS_MAX = 6000;

interface Look {
  end: number;
  at: number;
}

/**
 * How long the oldest event that waits has been there, seen from outside: where its partition ended was noted at each
 * look, and the first look that saw an end beyond the event saw the event. It is never more than the truth, and less by
 * at most the time between two looks.
 */
export function createAges(now: () => number) {
  const looksOf = new Map<string, Look[]>();

  return {
    /** `from` is the offset of the oldest event that waits; nothing waits where it is the end. */
    ageOf(partition: string, from: number, end: number): number {
      const looks = looksOf.get(partition) ?? [];
      looksOf.set(partition, looks);
      const seen = looks.findIndex((look) => look.end > from);
      looks.splice(0, seen < 0 ? looks.length : seen);
      if (end > from && looks.length < LOOKS_MAX && looks.at(-1)?.end !== end) looks.push({ end, at: now() });
      return looks.length > 0 ? now() - looks[0]!.at : 0;
    },
  };
}
