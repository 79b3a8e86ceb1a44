import { doctor } from './k6/doctor.ts';
import { bringOnline, shareOf } from './k6/people.ts';
import { calm, objectives, optionsOf, promise } from './k6/scenario.ts';
import { settingsOf } from './k6/settings.ts';
import { summary } from './k6/summary.ts';
import { settle, talk, withPeople } from './k6/talk.ts';

/** Members of groups, GROUP_SIZE in each, talk in turns; every message goes out to all of its group. */
const settings = settingsOf(__ENV, { USERS: 100, RATE: 10, DURATION: '30s', GROUP_SIZE: 50 });

export const options = optionsOf('group', settings, {
  ...promise(settings),
  ...calm(),
  ...objectives(settings),
});

export const setup = () => doctor(settings);

export async function group(run: string): Promise<void> {
  const share = await shareOf(settings, run);
  await withPeople(share.rooms, async () => {
    await bringOnline(share.rooms);
    await talk(share, settings);
    await settle(share.rooms, settings);
  });
}

export const handleSummary = summary('group', settings);
