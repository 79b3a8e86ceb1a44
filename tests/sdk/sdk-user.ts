import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type ClientOptions, createClient, type Message, type SeqlineClient } from '../../src/sdk/index.ts';
import { until } from '../contract/wait.ts';
import { type Site, tokenFor } from './site.ts';

/** For all messages of a test on a busy machine. */
const PATIENCE_MS = 60_000;

/** Quick, so that a test does not wait long for a reconnect. */
const RECONNECT = { baseMs: 50, maxMs: 200 };

export interface SdkUser {
  id: string;
  client: SeqlineClient;
  messages: Message[];
  errors: Error[];
  /** Waits until so many messages of the conversation were delivered, and holds that they came in order, each once. */
  received(conversationId: string, count: number, first?: number): Promise<Message[]>;
}

/** A client that notes what it is given; it is closed with the test. */
export function createUser(
  t: TestContext,
  site: Site,
  id: string,
  options: Partial<ClientOptions> = {},
): SdkUser {
  const token = () => tokenFor(site, id);
  const client = createClient({ url: site.nextUrl(), token, reconnect: RECONNECT, ...options });
  const messages: Message[] = [];
  const errors: Error[] = [];
  client.on('message', (message) => messages.push(message));
  client.on('error', (error) => errors.push(error));
  t.after(() => client.close());
  async function received(conversationId: string, count: number, first = 1): Promise<Message[]> {
    const delivered = () => messages.filter((message) => message.conversation_id === conversationId);
    const enough = () => delivered().length >= count;
    await until(`${id} has ${count} messages of ${conversationId}`, enough, PATIENCE_MS);
    assert.deepEqual(
      delivered().map(({ seq }) => seq),
      Array.from({ length: count }, (_, index) => first + index),
    );
    return delivered();
  }
  return { id, client, messages, errors, received };
}

export async function connectUser(
  t: TestContext,
  site: Site,
  id: string,
  options: Partial<ClientOptions> = {},
): Promise<SdkUser> {
  const user = createUser(t, site, id, options);
  await user.client.connect();
  return user;
}

/** Makes a group of which `owner` and `members` are members. */
export async function createGroup(
  owner: SdkUser,
  groupId: string,
  members: SdkUser[],
  settings: { history?: 'all' | 'joined' } = {},
): Promise<void> {
  const body = { group_id: groupId, name: groupId, members: members.map(({ id }) => id), ...settings };
  await owner.client.http.request('POST', '/v1/groups', body);
}
