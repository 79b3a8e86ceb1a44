import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { StoreUnavailable } from '../ports/errors.ts';
import { CODES } from '../protocol/codes.ts';
import { refusalFrame } from '../protocol/frames.ts';
import { isMsgId } from '../protocol/ids.ts';
import { LIMITS } from '../protocol/limits.ts';
import { CMD, CMD_UNKNOWN, type InputPacket } from '../protocol/packets.ts';
import { Refusal } from '../protocol/refusal.ts';
import {
  AckRequest,
  ChatRequest,
  HeartbeatRequest,
  LoginRequest,
  PullRequest,
  RecallRequest,
  SignalRequest,
} from '../protocol/requests.ts';
import { handleAck } from './ack.ts';
import { handleChat } from './chat.ts';
import type { Gateway } from './gateway-state.ts';
import { handleHeartbeat } from './heartbeat.ts';
import { handleLogin } from './login.ts';
import { handlePull } from './pull.ts';
import { PACKETS_PER_MESSAGE, RATE_RETRY_AFTER_MS } from './rate-limit.ts';
import { handleRecall } from './recall.ts';
import type { Session } from './session.ts';
import { handleSignal } from './signal.ts';

/** What a client is told to wait where a store or the log is out of reach. */
const RETRY_AFTER_MS = 1000;

/** A handler answers by itself; what it throws, at once or later, is answered here. */
type Handler<P> = (gateway: Gateway, session: Session, packet: P) => void | Promise<void>;

interface Command {
  name: string;
  validator: Validator;
  handle: Handler<never>;
}

function command<P>(name: string, schema: TSchema, handle: Handler<P>): Command {
  return { name, validator: Compile(schema), handle };
}

const COMMANDS = new Map<number, Command>([
  [CMD.heartbeat, command('heartbeat', HeartbeatRequest, handleHeartbeat)],
  [CMD.chat, command('chat', ChatRequest, handleChat)],
  [CMD.pull, command('pull', PullRequest, handlePull)],
  [CMD.ack, command('ack', AckRequest, handleAck)],
  [CMD.signal, command('signal', SignalRequest, handleSignal)],
  [CMD.recall, command('recall', RecallRequest, handleRecall)],
]);
const loginValidator = Compile(LoginRequest);

/** One text frame of a client, from its bytes to its handler. */
export function onFrame(gateway: Gateway, session: Session, bytes: Buffer): void {
  if (session.ended) return;
  const now = gateway.steadyNow();
  session.lastSeenAt = now;
  session.refreshDue = true;
  let packet: unknown;
  try {
    packet = JSON.parse(bytes.toString());
  } catch {
    session.close('bad_packets');
    return;
  }
  if (session.packets.take(gateway.settings.messagesPerSecond * PACKETS_PER_MESSAGE, now)) {
    onPacket(gateway, session, packet);
  } else {
    const tooMany = new Refusal('rate_limited', 'Too many packets a second.', RATE_RETRY_AFTER_MS);
    refuse(gateway, session, packet, tooMany);
  }
}

/** Also of a packet that waited for the login before it. */
function onPacket(gateway: Gateway, session: Session, packet: unknown): void {
  try {
    const { tracing } = gateway;
    const result = tracing
      ? tracing.frame(packet, session.route?.session_id, () => dispatch(gateway, session, packet))
      : dispatch(gateway, session, packet);
    if (result) settleLater(gateway, session, packet, result);
    else accepted(gateway, session, packet);
  } catch (error) {
    refuse(gateway, session, packet, error);
  }
}

/** A packet whose answer takes a while breaks the row of 400s at once, unless it becomes one of them. */
function settleLater(gateway: Gateway, session: Session, packet: unknown, result: Promise<void>): void {
  const before = session.badInARow;
  session.badInARow = 0;
  result.then(
    () => accepted(gateway, session, packet),
    (error) => {
      session.badInARow = Math.max(session.badInARow, before);
      refuse(gateway, session, packet, error);
    },
  );
}

function dispatch(gateway: Gateway, session: Session, packet: unknown): void | Promise<void> {
  checkEnvelope(packet);
  if (session.state === 'opening') {
    session.afterLogin(() => onPacket(gateway, session, packet));
    return;
  }
  if (packet.cmd === CMD.login) return login(gateway, session, packet);
  const command = COMMANDS.get(packet.cmd);
  if (!command) throw new Refusal('bad_packet', `cmd ${packet.cmd} is none that a client sends.`);
  if (session.state === 'new') throw new Refusal('unauthenticated', 'Log in first.');
  if (!command.validator.Check(packet)) throw invalid(command.name, command.validator, packet);
  return command.handle(gateway, session, packet as never);
}

/** What all packets have in common. */
function checkEnvelope(packet: unknown): asserts packet is InputPacket {
  if (typeof packet !== 'object' || packet === null || Array.isArray(packet)) {
    throw new Refusal('bad_packet', 'A packet is a JSON object.');
  }
  const { cmd, msg_id, seq, payload } = packet as Record<string, unknown>;
  if (!Number.isInteger(cmd)) throw new Refusal('bad_packet', 'cmd must be an integer.');
  if (msg_id != null && !isMsgId(msg_id)) {
    throw new Refusal(
      'bad_packet',
      `msg_id must be 1 to ${LIMITS.idCharsMax} characters of A-Z a-z 0-9 _ . : -`,
    );
  }
  if (seq != null && !(Number.isSafeInteger(seq) && (seq as number) >= 0)) {
    throw new Refusal('bad_packet', 'seq must be an integer from 0.');
  }
  if (payload != null && (typeof payload !== 'object' || Array.isArray(payload))) {
    throw new Refusal('bad_packet', 'payload must be an object.');
  }
}

function login(gateway: Gateway, session: Session, packet: InputPacket): Promise<void> {
  if (session.state !== 'new') throw new Refusal('bad_packet', 'This connection is logged in already.');
  const payload = packet.payload as { token?: unknown } | null | undefined;
  if (typeof payload?.token !== 'string') {
    throw new Refusal('unauthenticated', 'payload.token must be a JWT.');
  }
  if (!loginValidator.Check(packet)) throw invalid('login', loginValidator, packet);
  return handleLogin(gateway, session, packet as LoginRequest & InputPacket);
}

function invalid(name: string, validator: Validator, packet: unknown): Refusal {
  const [first] = validator.Errors(packet);
  const where = first?.instancePath.slice(1).replaceAll('/', '.');
  return new Refusal(
    'bad_packet',
    `Not a valid ${name}: ${where ? `${where} ` : ''}${first?.message ?? 'malformed'}.`,
  );
}

function accepted(gateway: Gateway, session: Session, packet: unknown): void {
  session.badInARow = 0;
  gateway.metrics.packets.inc((packet as InputPacket).cmd, CODES.ok.code);
  session.workOffAfterLogin();
}

/** Answers with what went wrong, and closes where it was the last straw. */
function refuse(gateway: Gateway, session: Session, packet: unknown, error: unknown): void {
  const { cmd, msg_id } = (typeof packet === 'object' && packet !== null ? packet : {}) as Record<
    string,
    unknown
  >;
  const about = { session_id: session.route?.session_id, cmd, msg_id: isMsgId(msg_id) ? msg_id : undefined };
  const refusal = toRefusal(gateway, error, about);
  const echoedCmd = Number.isInteger(cmd) ? (cmd as number) : CMD_UNKNOWN;
  const known = COMMANDS.has(echoedCmd) || echoedCmd === CMD.login;
  gateway.metrics.packets.inc(known ? echoedCmd : CMD_UNKNOWN, refusal.code);
  session.write(refusalFrame(echoedCmd, isMsgId(msg_id) ? msg_id : undefined, refusal.payload()));
  afterRefusal(gateway, session, echoedCmd, refusal);
  session.workOffAfterLogin();
}

function afterRefusal(gateway: Gateway, session: Session, cmd: number, refusal: Refusal): void {
  if (refusal.error === 'rate_limited') {
    const lasting = session.flood.refused(gateway.steadyNow());
    if (refusal.closes || lasting >= LIMITS.floodToleranceMs) session.close('too_many');
    return;
  }
  if (refusal.error === 'bad_packet') {
    session.badInARow++;
    if (session.badInARow >= LIMITS.badPacketsInARow) session.close('bad_packets');
    return;
  }
  session.badInARow = 0;
  if (cmd === CMD.login && refusal.error === 'unauthenticated') session.close('unauthenticated');
}

/** What a client is told of an error: a refusal as it is, an outage as 503, a fault of ours as 500. */
export function toRefusal(
  gateway: Pick<Gateway, 'logger' | 'tellOutage'>,
  error: unknown,
  about: Record<string, unknown> = {},
): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof StoreUnavailable) {
    gateway.tellOutage(error);
    return new Refusal(
      'unavailable',
      'A store is out of reach: try again, a message under the same msg_id.',
      RETRY_AFTER_MS,
    );
  }
  gateway.logger.error({ err: error, ...about }, 'a request failed');
  return new Refusal('internal', 'Something went wrong here; it was logged.');
}
