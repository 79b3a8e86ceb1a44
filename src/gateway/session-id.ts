import { randomBytes } from 'node:crypto';

/** Milliseconds since 1970 in base 36 fill 8 digits until the year 2059, 9 after it. */
const TIME_DIGITS = 9;
let lastMs = 0;
let inMs = 0;

/**
 * Session ids grow with time in string order, within a process strictly: of two sessions of one device the greater is
 * the newer, whatever the order in which news of them arrives. So `now` is the registry's: were it the gateway's own, a
 * client that lost a gateway whose clock is ahead would count as the older session at every other one.
 */
export function newSessionId(now: number): string {
  if (now > lastMs) {
    lastMs = now;
    inMs = 0;
  } else inMs++;
  const time = lastMs.toString(36).padStart(TIME_DIGITS, '0');
  return `${time}-${inMs.toString(36).padStart(4, '0')}-${randomBytes(6).toString('hex')}`;
}
