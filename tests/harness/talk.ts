import assert from 'node:assert/strict';
import { freshMsgId, freshUser } from './names.ts';
import { type ConnectOptions, connect, isStored, type Packet, type RawClient } from './raw-client.ts';
import type { Target } from './target.ts';
import { tokenOf } from './tokens.ts';

export interface LogInOptions extends ConnectOptions {
  user?: string;
  device?: string;
  token?: string;
}

/** A connection that is logged in. */
export async function logIn(target: Target, options: LogInOptions = {}): Promise<RawClient> {
  const client = await connect(target, options);
  client.userId = options.user ?? freshUser('user');
  client.deviceId = options.device ?? freshUser('device');
  const token = options.token ?? tokenOf(target.secret, client.userId);
  const answer = await client.request({ cmd: 1, payload: { token, device_id: client.deviceId } });
  assert.equal(answer.code, 0, JSON.stringify(answer));
  client.hello = answer.payload;
  return client;
}

/** One connection for each name, of a user who is new. */
export function logInAll<N extends string>(target: Target, ...names: N[]): Promise<RawClient[]> {
  return Promise.all(names.map((name) => logIn(target, { user: freshUser(name) })));
}

/** What a chat packet says beside its content. */
export interface ChatExtra {
  msg_id?: string;
  msg_type?: number;
  send_time?: number;
}

export function chatPacket(conversationId: string, content: string, { msg_id, ...extra }: ChatExtra = {}) {
  return {
    cmd: 2,
    msg_id: msg_id ?? freshMsgId(),
    payload: { conversation_id: conversationId, content, ...extra },
  };
}

/** Sends a message, and gives it as it was stored: the packet that came back to the sender. */
export async function say(
  client: RawClient,
  conversationId: string,
  content: string,
  extra?: ChatExtra,
): Promise<Packet> {
  const packet = chatPacket(conversationId, content, extra);
  const mark = client.mark();
  const answer = await client.request(packet);
  assert.equal(answer.code, 0, JSON.stringify(answer));
  return stored(client, packet.msg_id, mark);
}

/** The stored message of a `msg_id`, as it is pushed to this client. */
export function stored(client: RawClient, msgId: string, mark = 0): Promise<Packet> {
  return client.waitFor(
    (packet) => isStored(packet) && packet.msg_id === msgId,
    `the message ${msgId}`,
    mark,
  );
}

/** Says many things in a row without waiting in between, and gives all as stored, in the order of sending. */
export async function sayAll(
  client: RawClient,
  conversationId: string,
  contents: string[],
): Promise<Packet[]> {
  const mark = client.mark();
  const packets = contents.map((content) => chatPacket(conversationId, content));
  const answers = await Promise.all(packets.map((packet) => client.request(packet)));
  for (const answer of answers) assert.equal(answer.code, 0, JSON.stringify(answer));
  return Promise.all(packets.map((packet) => stored(client, packet.msg_id, mark)));
}

/** A page of a conversation. */
export function pull(
  client: RawClient,
  conversationId: string,
  seq?: number,
  extra: object = {},
): Promise<Packet> {
  return client.request({ cmd: 3, seq, payload: { conversation_id: conversationId, ...extra } });
}

export function pullInbox(
  client: RawClient,
  epoch: string,
  seq?: number,
  extra: object = {},
): Promise<Packet> {
  return client.request({ cmd: 3, seq, payload: { inbox: epoch, ...extra } });
}

/** The newest page of the list of conversations. */
export async function listConversations(client: RawClient) {
  const answer = await client.request({ cmd: 3, payload: { conversations: true } });
  assert.equal(answer.code, 0, JSON.stringify(answer));
  return answer.payload.conversations;
}

/** One entry of the list of conversations, undefined where it is not among the newest. */
export async function conversationOf(client: RawClient, conversationId: string) {
  const list = await listConversations(client);
  return list.find((entry: { conversation_id: string }) => entry.conversation_id === conversationId);
}

export function ack(
  client: RawClient,
  conversationId: string,
  seq: number,
  type?: 'delivered' | 'read',
): Promise<Packet> {
  return client.request({ cmd: 4, seq, payload: { conversation_id: conversationId, type } });
}

export function recall(client: RawClient, conversationId: string, seq: number): Promise<Packet> {
  return client.request({ cmd: 7, payload: { conversation_id: conversationId, seq } });
}

export function typing(client: RawClient, conversationId: string, on = true): void {
  client.send({ cmd: 6, payload: { type: 'typing', conversation_id: conversationId, typing: on } });
}

export function watch(client: RawClient, userIds: string[]): Promise<Packet> {
  return client.request({ cmd: 6, payload: { type: 'watch', user_ids: userIds } });
}

export function heartbeat(client: RawClient): Promise<Packet> {
  return client.request({ cmd: 0 });
}

/** An event of a type whose fields include those given. */
export function event(
  client: RawClient,
  type: string,
  fields: Record<string, unknown> = {},
  mark = 0,
): Promise<Packet> {
  return client.waitFor(isEvent(type, fields), `the event ${type} ${JSON.stringify(fields)}`, mark);
}

export function isEvent(type: string, fields: Record<string, unknown> = {}): (packet: Packet) => boolean {
  const wanted = Object.entries(fields);
  return ({ cmd, payload }) =>
    cmd === 5 && payload.type === type && wanted.every(([name, value]) => payload[name] === value);
}

/** The connection still serves. */
export async function assertOpen(client: RawClient): Promise<void> {
  assert.equal((await heartbeat(client)).code, 0);
}

/** A refusal carries its name and a sentence. */
export function assertRefused(packet: Packet, code: number): void {
  assert.equal(packet.code, code, JSON.stringify(packet).slice(0, 1000));
  assert.equal(packet.payload.error, NAMES[code]);
  assert.match(packet.payload.message, /\S/);
}

/**
 * Sends a chat that must not be stored: refused by its answer, or answered `sent` by a gateway that could not know yet
 * and then refused by the event `rejected`.
 */
export async function assertRejected(client: RawClient, packet: ReturnType<typeof chatPacket>, code: number) {
  const mark = client.mark();
  const answer = await client.request(packet);
  if (answer.code !== 0) return assertRefused(answer, code);
  const rejected = await event(client, 'rejected', { msg_id: packet.msg_id }, mark);
  assert.equal(rejected.payload.code, code);
  assert.equal(rejected.payload.error, NAMES[code]);
  assert.equal(typeof rejected.payload.conversation_id, 'string');
}

const NAMES: Record<number, string> = {
  400: 'bad_packet',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  413: 'too_large',
  429: 'rate_limited',
};
