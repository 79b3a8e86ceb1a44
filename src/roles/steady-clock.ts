/**
 * Milliseconds since 1970 as the machine's clock had it when this process began, going on evenly from then: no deadline
 * comes early or late because that clock is set.
 */
export function steadyNow(): number {
  return Math.floor(performance.timeOrigin + performance.now());
}
