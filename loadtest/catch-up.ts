import { doctor } from './k6/doctor.ts';
import { catchUpLatency } from './k6/metrics.ts';
import { bringOnline, shareOf } from './k6/people.ts';
import type { Room } from './k6/room.ts';
import { calm, optionsOf, promise } from './k6/scenario.ts';
import { settingsOf } from './k6/settings.ts';
import { summary } from './k6/summary.ts';
import { settle, talk, within, withPeople } from './k6/talk.ts';

/** Of each pair one is offline while the other writes; then all of those come back at once and pull. */
const settings = settingsOf(__ENV, { USERS: 20, RATE: 200, DURATION: '15s' });
const WRITER = 0;
const READER = 1;

export const options = optionsOf('catchUp', settings, {
  ...promise(settings),
  ...calm(),
  im_catch_up_latency: [`p(99)<${settings.catchUpP99Ms}`],
});

export const setup = () => doctor(settings, settings.users / 2);

export async function catchUp(run: string): Promise<void> {
  const share = await shareOf(settings, run);
  const { rooms } = share;
  await withPeople(rooms, async () => {
    await bringOnline(rooms);
    for (const room of rooms) room.goAway(READER);
    await talk(share, settings);
    await within(settings.settleMs, () => rooms.every((room) => room.lacks(WRITER) === 0));
    await Promise.all(rooms.map(comeBack));
    await settle(rooms, settings);
  });
}

async function comeBack(room: Room): Promise<void> {
  const startMs = Date.now();
  await room.comeBack(READER);
  catchUpLatency.add(Date.now() - startMs);
}

export const handleSummary = summary('catch-up', settings);
