import { doctor } from './k6/doctor.ts';
import { bringOnline, shareOf } from './k6/people.ts';
import { calm, objectives, optionsOf, promise } from './k6/scenario.ts';
import { settingsOf } from './k6/settings.ts';
import { summary } from './k6/summary.ts';
import { settle, talk, withPeople } from './k6/talk.ts';

/** Pairs of users talk to each other at a fixed rate, each connection up all the time. */
const settings = settingsOf(__ENV, { USERS: 20, RATE: 50, DURATION: '30s' });

export const options = optionsOf('chat', settings, {
  ...promise(settings),
  ...calm(),
  ...objectives(settings),
});

export const setup = () => doctor(settings);

export async function chat(run: string): Promise<void> {
  const share = await shareOf(settings, run);
  await withPeople(share.rooms, async () => {
    await bringOnline(share.rooms);
    await talk(share, settings);
    await settle(share.rooms, settings);
  });
}

export const handleSummary = summary('chat', settings);
