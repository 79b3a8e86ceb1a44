import { CLOCK } from './k6/clock.ts';
import { doctor } from './k6/doctor.ts';
import { returns } from './k6/metrics.ts';
import { bringOnline, shareOf } from './k6/people.ts';
import type { Room } from './k6/room.ts';
import { calm, objectives, optionsOf, promise } from './k6/scenario.ts';
import { settingsOf } from './k6/settings.ts';
import { summary } from './k6/summary.ts';
import { settle, talk, withPeople } from './k6/talk.ts';

/** Small groups talk for long, and in each now and then somebody goes away for a while and catches up. */
const settings = settingsOf(__ENV, { USERS: 48, RATE: 20, DURATION: '10m', GROUP_SIZE: 4 });
/** Times that are drawn from 0 to these. */
const HERE_MS = 15_000;
const AWAY_MS = 5_000;

export const options = optionsOf('soak', settings, {
  ...promise(settings),
  ...calm(),
  ...objectives(settings),
});

export const setup = () => doctor(settings);

export async function soak(run: string): Promise<void> {
  const share = await shareOf(settings, run);
  await withPeople(share.rooms, async () => {
    await bringOnline(share.rooms);
    const endMs = Date.now() + settings.durationMs;
    await Promise.all([talk(share, settings), ...share.rooms.map((room) => comeAndGo(room, endMs))]);
    await settle(share.rooms, settings);
  });
}

async function comeAndGo(room: Room, endMs: number): Promise<void> {
  for (;;) {
    await CLOCK.sleep(Math.random() * Math.min(HERE_MS, endMs - Date.now()));
    if (Date.now() > endMs - AWAY_MS) return;
    const reader = Math.floor(Math.random() * room.members.length);
    room.goAway(reader);
    await CLOCK.sleep(Math.random() * AWAY_MS);
    await room.comeBack(reader);
    returns.add(1);
  }
}

export const handleSummary = summary('soak', settings);
