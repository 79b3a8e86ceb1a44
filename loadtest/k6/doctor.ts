import { test } from 'k6/execution';
import http from 'k6/http';
import { directConversationId } from '../../src/protocol/ids.ts';
import type { Message } from '../../src/protocol/message.ts';
import { CMD, type OutputPacket } from '../../src/protocol/packets.ts';
import { Connection, Refused } from './connection.ts';
import type { Settings } from './settings.ts';
import { within } from './talk.ts';
import { NoToken, tokenOf } from './tokens.ts';

/** A machine whose clock is further off than this makes tokens that the server takes for expired, sooner or later. */
const CLOCK_MS_MAX = 60_000;
const HANDSHAKE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'c2VxbGluZSBsb2FkIHRlc3Q=',
};
const MESSAGE_MS_MAX = 10_000;
/** What a session may send a second, unless the server is told otherwise. */
const SESSION_RATE = 50;

/** Looks whether a run can show anything, and names the run. Else ends it with what is wrong, and what to do about it. */
export async function doctor(settings: Settings, writers = settings.users): Promise<string> {
  const run = `${Date.now().toString(36)}${Math.floor(Math.random() * 1296).toString(36)}`;
  try {
    checkRate(settings.rate, writers);
    await check(settings, `doctor-${run}`);
  } catch (error) {
    test.abort((error as Error).message);
  }
  return run;
}

async function check(settings: Settings, user: string): Promise<void> {
  for (const url of settings.urls) {
    checkReach(url);
    await checkToken(settings, url, user);
  }
  await checkTalk(settings, user);
}

function checkRate(rate: number, writers: number): void {
  if (rate / writers <= SESSION_RATE) return;
  throw new Error(
    `RATE ${rate} for ${writers} who write is more than the ${SESSION_RATE} messages a second that a session may send: take more USERS.`,
  );
}

function checkReach(url: string): void {
  const answer = http.get(`${url}/v1/me`);
  if (answer.status === 0) {
    throw new Error(
      `Nobody answers at ${url}: ${answer.error}. Start a server (npm start), or name another with BASE_URL.`,
    );
  }
  if (answer.status === 401) return;
  throw new Error(
    `What answers at ${url} is not seqline, or a proxy before it keeps /v1 away from it: GET /v1/me gave HTTP ${answer.status} in place of 401. Look at BASE_URL and at the proxy's paths.`,
  );
}

async function checkToken(settings: Settings, url: string, user: string): Promise<void> {
  let token: string;
  try {
    token = await tokenOf(settings, url, user);
  } catch (error) {
    if (!(error instanceof NoToken) || error.status !== 404) throw error;
    throw new Error(
      `${url} gives no development tokens: set AUTH_JWT_SECRET to the server's, or AUTH_DEV_TOKENS=true at the server.`,
    );
  }
  const answer = http.get(`${url}/v1/me`, { headers: { Authorization: `Bearer ${token}` } });
  if (answer.status === 200) return;
  throw new Error(
    `${url} does not take a token: GET /v1/me gave HTTP ${answer.status}. AUTH_JWT_SECRET must be the server's, and so must AUTH_JWT_ISSUER and AUTH_JWT_AUDIENCE where it has them.`,
  );
}

/** One says a word, at the first url; the other, at the last one, hears it. */
async function checkTalk(settings: Settings, user: string): Promise<void> {
  const [first = '', last = first] = [settings.urls[0], settings.urls.at(-1)];
  const [a, b] = [`${user}-a`, `${user}-b`];
  const heard = new Set<string>();
  const listen = (who: string) => (packet: OutputPacket) => {
    if (packet.cmd !== CMD.chat) return;
    if (packet.seq !== undefined) heard.add(`${who} ${(packet.payload as Message).content}`);
    else heard.add(packet.code === 0 ? 'answer' : `refusal: ${JSON.stringify(packet)}`);
  };
  const speaker = await logIn(settings, first, a, listen(a));
  const listener = await logIn(settings, last, b, listen(b));
  const payload = { conversation_id: directConversationId(a, b), content: 'word' };
  speaker.write({ cmd: CMD.chat, msg_id: `${user}:word`, payload });
  const wanted = ['answer', `${a} word`, `${b} word`];
  await within(MESSAGE_MS_MAX, () => wanted.every((sign) => heard.has(sign)));
  speaker.close();
  listener.close();
  const missing = wanted.filter((sign) => !heard.has(sign));
  if (missing.length === 0) return;
  const advice = heard.has('answer')
    ? 'It was answered, so it is in the log: look whether workers run, and at what keeps them.'
    : `It was not answered with 0 (${[...heard].join(', ') || 'nothing came'}): look at the gateway's log and at /readyz.`;
  throw new Error(
    `A message from ${first} to ${last} did not arrive within ${MESSAGE_MS_MAX / 1000} s (missing: ${missing.join(', ')}). ${advice}`,
  );
}

async function logIn(
  settings: Settings,
  url: string,
  user: string,
  packet: (packet: OutputPacket) => void,
): Promise<Connection> {
  const connection = await Connection.open(url, { packet, closed: () => {} }).catch((error: Error) => {
    throw new Error(`No WebSocket at ${url}/ws: ${error.message}. ${adviceOn(url)}`);
  });
  const asked = Date.now();
  const { payload } = await connection.login(await tokenOf(settings, url, user)).catch((error: Error) => {
    throw new Error(
      error instanceof Refused
        ? `A login at ${url} was refused: ${error.message}`
        : `A login at ${url} was not answered: ${error.message}. Look whether its stores are in reach: GET /readyz on its internal port says so.`,
    );
  });
  const offMs = Math.abs(payload!.server_time - (asked + Date.now()) / 2);
  if (offMs > CLOCK_MS_MAX) {
    throw new Error(
      `The clock of ${url} and that of this machine are ${Math.round(offMs / 1000)} s apart: set them.`,
    );
  }
  return connection;
}

/** k6 tells of a refused handshake only that it was refused: asked as plain HTTP, the server says why. */
function adviceOn(url: string): string {
  const { status } = http.get(`${url}/ws`, { headers: HANDSHAKE });
  if (status === 403) {
    return 'HTTP 403 comes from the check of the Origin header (ALLOWED_ORIGINS), or from a proxy that lets nobody in.';
  }
  return `HTTP works there, and a handshake gives HTTP ${status}: let the proxy pass on /ws with its Upgrade and Connection headers.`;
}
