import { doctor } from './k6/doctor.ts';
import { bringOnline, shareOf } from './k6/people.ts';
import { objectives, optionsOf, promise } from './k6/scenario.ts';
import { settingsOf } from './k6/settings.ts';
import { summary } from './k6/summary.ts';
import { settle, talk, withPeople } from './k6/talk.ts';

/** Pairs of users talk while somebody replaces the gateways: connections may end, messages may not. */
const settings = settingsOf(__ENV, {
  ...{ USERS: 40, RATE: 50, DURATION: '2m' },
  ...{ SENT_P99_MS: 10_000, DELIVERED_P99_MS: 10_000 },
});

export const options = optionsOf('rollout', settings, {
  ...promise(settings),
  ...objectives(settings),
  // Where nobody lost a connection, nothing was replaced, and the run shows nothing.
  im_reconnects: ['count>0'],
});

export const setup = () => doctor(settings);

export async function rollout(run: string): Promise<void> {
  const share = await shareOf(settings, run);
  await withPeople(share.rooms, async () => {
    await bringOnline(share.rooms);
    await talk(share, settings);
    await settle(share.rooms, settings);
  });
}

export const handleSummary = summary('rollout', settings);
