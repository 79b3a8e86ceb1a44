import { clearInterval, setInterval } from 'k6/timers';
import { CLOCK } from './clock.ts';
import { beginSlices, settled } from './metrics.ts';
import { atRate } from './pace.ts';
import type { Share } from './people.ts';
import type { Room } from './room.ts';
import type { Settings } from './settings.ts';

const LOOK_MS = 1_000;
const LOOK_AGAIN_MS = 100;

/** People of this VU talk at its rate, whatever becomes of what they said. */
export async function talk({ rooms, rate, index }: Share, { durationMs, vus }: Settings): Promise<void> {
  const startMs = Date.now();
  beginSlices(startMs, durationMs);
  // VUs take turns, so that all of them together keep the rate.
  const offsetMs = rate > 0 ? Math.min((index / vus) * (1000 / rate), durationMs) : 0;
  const speak = (dueMs: number, n: number) => {
    rooms[n % rooms.length]!.send(dueMs, Math.floor(n / rooms.length));
  };
  await atRate({ rate, startMs: startMs + offsetMs, durationMs: durationMs - offsetMs }, speak, CLOCK);
  const leftMs = startMs + durationMs - Date.now();
  if (leftMs > 0) await CLOCK.sleep(leftMs);
}

/** Waits for what is on its way, then pulls and counts what did not come. */
export async function settle(rooms: Room[], { settleMs }: Settings): Promise<void> {
  await within(settleMs, () => rooms.every(({ open }) => open === 0));
  await Promise.all(rooms.map((room) => room.settle()));
  settled.add(1);
}

/** Waits until it is so, and no longer than that. */
export async function within(ms: number, isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + ms;
  while (!isSo() && Date.now() < deadline) await CLOCK.sleep(LOOK_AGAIN_MS);
}

/** Looks after the connections while `act` goes on, and ends them after it. */
export async function withPeople(rooms: Room[], act: () => Promise<void>): Promise<void> {
  const members = rooms.flatMap((room) => room.members);
  const timer = setInterval(() => {
    for (const member of members) member.look();
  }, LOOK_MS);
  try {
    await act();
  } finally {
    clearInterval(timer);
    for (const member of members) member.goOffline();
  }
}
