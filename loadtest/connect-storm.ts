import { CLOCK } from './k6/clock.ts';
import { doctor } from './k6/doctor.ts';
import type { Member } from './k6/member.ts';
import { connectLatency, ready, readyTime } from './k6/metrics.ts';
import { atRate } from './k6/pace.ts';
import { shareOf } from './k6/people.ts';
import { calm, optionsOf, promise } from './k6/scenario.ts';
import { settingsOf } from './k6/settings.ts';
import { summary } from './k6/summary.ts';
import { settle, talk, withPeople } from './k6/talk.ts';

/**
 * USERS connect, log in and catch up, RATE of them a second, or all at once where RATE is 0. Then they stay for DURATION,
 * in which each pair says one word to show that pushes reach it.
 */
const settings = settingsOf(__ENV, { USERS: 500, RATE: 0, DURATION: '10s' });

export const options = optionsOf('connectStorm', settings, {
  ...promise(settings),
  ...calm(),
  im_ready: [`count==${Math.floor(settings.users / 2) * 2}`],
  im_ready_time: [`max<${settings.readyMs}`],
});

/** RATE counts connections here: who sends one message each sends few. */
export const setup = () => doctor({ ...settings, rate: 0 });

export async function connectStorm(run: string): Promise<void> {
  const share = await shareOf(settings, run);
  const { rooms } = share;
  await withPeople(rooms, async () => {
    await comeAll(rooms.flatMap(({ members }) => members));
    await talk({ ...share, rate: (rooms.length * 1000) / settings.durationMs }, settings);
    await settle(rooms, settings);
  });
}

async function comeAll(members: Member[]): Promise<void> {
  const startMs = Date.now();
  const coming: Promise<void>[] = [];
  const come = (dueMs: number, n: number) => void coming.push(comeIn(members[n]!, startMs, dueMs));
  if (settings.rate === 0) for (const n of members.keys()) come(startMs, n);
  else {
    const rate = (settings.rate * members.length) / settings.users;
    await atRate({ rate, startMs, durationMs: (members.length * 1000) / rate }, come, CLOCK);
  }
  await Promise.all(coming);
}

async function comeIn(member: Member, startMs: number, dueMs: number): Promise<void> {
  await member.goOnline();
  connectLatency.add(Date.now() - dueMs);
  await member.firstCatchUp();
  ready.add(1);
  readyTime.add(Date.now() - startMs);
}

export const handleSummary = summary('connect-storm', settings);
