import { vu } from 'k6/execution';
import http from 'k6/http';
import { directConversationId } from '../../src/protocol/ids.ts';
import { Room } from './room.ts';
import type { Settings } from './settings.ts';
import { tokenOf } from './tokens.ts';

/** Members on their way into the server at once, of one VU. */
const LOGINS_AT_ONCE = 10;

/** The part of a scenario that this VU carries. */
export interface Share {
  rooms: Room[];
  /** Messages a second. */
  rate: number;
  /** From 0; no two VUs have the same. */
  index: number;
}

/** Whole conversations, so that one VU sees what is sent into each and what comes out. */
export async function shareOf(settings: Settings, run: string): Promise<Share> {
  const { users, groupSize, vus, rate } = settings;
  const index = vu.idInTest - 1;
  const total = Math.floor(users / groupSize);
  const mine = Array.from({ length: total }, (_, room) => room).filter((room) => room % vus === index);
  const rooms: Room[] = [];
  for (const room of mine) rooms.push(await openRoom(settings, run, room));
  return { rooms, rate: (rate * mine.length) / total, index };
}

/** Their people, a few at a time. */
export async function bringOnline(rooms: Room[]): Promise<void> {
  const waiting = rooms.flatMap(({ members }) => members);
  const next = async () => {
    for (let member = waiting.shift(); member; member = waiting.shift()) await member.goOnline();
  };
  await Promise.all(Array.from({ length: LOGINS_AT_ONCE }, next));
}

async function openRoom(settings: Settings, run: string, room: number): Promise<Room> {
  const { groupSize } = settings;
  const first = room * groupSize;
  const userIds = Array.from({ length: groupSize }, (_, i) => `load-${run}-${first + i}`);
  const conversationId =
    groupSize === 2 ? directConversationId(userIds[0]!, userIds[1]!) : await createGroup(settings, userIds);
  return new Room(settings, conversationId, userIds, first);
}

async function createGroup(settings: Settings, [owner = '', ...members]: string[]): Promise<string> {
  const url = settings.urls[0]!;
  const token = await tokenOf(settings, url, owner);
  const answer = await http.asyncRequest(
    'POST',
    `${url}/v1/groups`,
    JSON.stringify({ name: 'Load', members }),
    {
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
    },
  );
  if (answer.status !== 201) {
    throw new Error(`No group could be made: HTTP ${answer.status} ${answer.error || answer.body}`);
  }
  return (answer.json() as { group_id: string }).group_id;
}
