const DAY_MS = 86_400_000;

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' });
const shortWeekday = new Intl.DateTimeFormat(undefined, { weekday: 'short' });
const dayOfYear = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const fullDay = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const shortDay = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const shortDate = new Intl.DateTimeFormat(undefined, { dateStyle: 'short' });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });

/** Noon of the day in local time, so that days can be subtracted across a change of the clocks. */
function noon(time: number): number {
  return new Date(time).setHours(12, 0, 0, 0);
}

/** How many days ago, by the calendar. */
export function daysAgo(time: number, now: number): number {
  return Math.round((noon(now) - noon(time)) / DAY_MS);
}

export function timeOfDay(time: number): string {
  return clock.format(time);
}

export function wholeTime(time: number): string {
  return whole.format(time);
}

/** The title of a day in a conversation. */
export function dayTitle(time: number, now: number): string {
  const ago = daysAgo(time, now);
  if (ago === 0) return 'Today';
  if (ago === 1) return 'Yesterday';
  if (ago > 1 && ago < 7) return weekday.format(time);
  return new Date(time).getFullYear() === new Date(now).getFullYear()
    ? dayOfYear.format(time)
    : fullDay.format(time);
}

/** The time of the last message in the list of conversations: as short as it can be. */
export function shortTime(time: number, now: number): string {
  const ago = daysAgo(time, now);
  if (ago <= 0) return clock.format(time);
  if (ago === 1) return 'Yesterday';
  if (ago < 7) return shortWeekday.format(time);
  return new Date(time).getFullYear() === new Date(now).getFullYear()
    ? shortDay.format(time)
    : shortDate.format(time);
}

/** When somebody was seen last. */
export function lastSeen(time: number | null, now: number): string {
  if (time === null) return 'Offline';
  const minutes = Math.floor((now - time) / 60_000);
  if (minutes < 1) return 'Last seen just now';
  if (minutes < 60) return `Last seen ${minutes} min ago`;
  if (daysAgo(time, now) === 0) return `Last seen today at ${clock.format(time)}`;
  if (daysAgo(time, now) === 1) return `Last seen yesterday at ${clock.format(time)}`;
  return `Last seen ${shortDay.format(time)}`;
}
