/** The search ends where the rate that fails is at most this much above the one that holds. */
const NEAR = 1.1;

export interface Found {
  /** The highest rate that was seen to hold; 0 where none did. */
  holds: number;
  /** The lowest that did not; undefined where even the highest allowed held. */
  fails: number | undefined;
}

/** Doubles the rate from the first one until it does not hold, then halves the interval between. */
export async function searchRate(
  first: number,
  max: number,
  holdsAt: (rate: number) => Promise<boolean>,
): Promise<Found> {
  let holds = 0;
  let fails: number | undefined;
  for (let rate = Math.min(first, max); fails === undefined; rate = Math.min(rate * 2, max)) {
    if (await holdsAt(rate)) holds = rate;
    else fails = rate;
    if (holds === max) return { holds, fails };
  }
  while (fails > 1 && fails > holds * NEAR) {
    const rate = Math.round((holds + fails) / 2);
    if (rate === holds || rate === fails) break;
    if (await holdsAt(rate)) holds = rate;
    else fails = rate;
  }
  return { holds, fails };
}
