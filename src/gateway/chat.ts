import { type ChatEvent, EVENT_VERSION } from '../ports/log-events.ts';
import { answerFrame } from '../protocol/frames.ts';
import { directConversationId, directMembers } from '../protocol/ids.ts';
import { LIMITS } from '../protocol/limits.ts';
import { MSG_TYPE, type MsgType } from '../protocol/message.ts';
import { type ChatAnswer, CMD } from '../protocol/packets.ts';
import { Refusal } from '../protocol/refusal.ts';
import type { ChatRequest } from '../protocol/requests.ts';
import { directAccess } from './access.ts';
import type { Gateway } from './gateway-state.ts';
import { RATE_RETRY_AFTER_MS } from './rate-limit.ts';
import { acceptedAt, fingerprint } from './recent-messages.ts';
import type { Session } from './session.ts';
import { checkGroupStanding } from './standing.ts';
import { isUploadUrl, uploadName } from './uploads.ts';

/**
 * Takes a message: checks it, appends it to the log, answers "sent". What must be looked up first (a group that is not
 * remembered, a picture) makes later chats of the session wait behind it, so that they keep their order.
 */
export function handleChat(gateway: Gateway, session: Session, packet: ChatRequest): Promise<void> {
  const startedAt = performance.now();
  const event = toEvent(gateway, session, packet);
  if (!session.messages.take(gateway.settings.messagesPerSecond, gateway.steadyNow())) {
    throw new Refusal('rate_limited', 'Too many messages a second.', RATE_RETRY_AFTER_MS);
  }

  const check = admission(gateway, session, event);
  if (!check && !session.admission) return accept(gateway, session, event, startedAt);

  const before = session.admission;
  const admitted = Promise.all([check, before?.catch(() => {})]).then(() => {
    // Appending begins here, in order; its end is not waited for by the next.
    return { accepted: accept(gateway, session, event, startedAt) };
  });
  const gate = admitted.then(
    () => {},
    () => {},
  );
  session.admission = gate;
  void gate.then(() => {
    if (session.admission === gate) session.admission = undefined;
  });
  return admitted.then(({ accepted }) => accepted);
}

function toEvent(gateway: Gateway, session: Session, { msg_id, payload }: ChatRequest): ChatEvent {
  const msgType = payload.msg_type ?? MSG_TYPE.text;
  checkContent(msgType, payload.content);
  const event: ChatEvent = {
    v: EVENT_VERSION,
    kind: 'chat',
    conversation_id: conversationOf(session.userId, payload),
    msg_id,
    sender_id: session.userId,
    msg_type: msgType,
    content: payload.content,
    send_time: 0,
    gateway_id: gateway.settings.gatewayId,
    session_id: session.id,
  };
  if (payload.send_time != null) event.client_time = payload.send_time;
  return event;
}

function conversationOf(userId: string, { conversation_id, to }: ChatRequest['payload']): string {
  if ((conversation_id == null) === (to == null)) {
    throw new Refusal('bad_packet', 'payload needs either conversation_id or to, and not both.');
  }
  return conversation_id ?? directConversationId(userId, to!);
}

function checkContent(msgType: MsgType, content: string): void {
  if (!content.isWellFormed()) throw new Refusal('bad_packet', 'payload.content holds a lone surrogate.');
  const bytes = Buffer.byteLength(content);
  if (msgType === MSG_TYPE.text) {
    if (bytes > LIMITS.textBytesMax) {
      throw new Refusal(
        'too_large',
        `payload.content has ${bytes} bytes; a text has at most ${LIMITS.textBytesMax}.`,
      );
    }
  } else if (bytes > LIMITS.imageUrlBytesMax || !(isHttpsUrl(content) || isUploadUrl(content))) {
    throw new Refusal(
      'bad_packet',
      `payload.content of an image is an https: URL, or one that an upload gave, of at most ${LIMITS.imageUrlBytesMax} bytes.`,
    );
  }
}

function isHttpsUrl(text: string): boolean {
  return /^https:\/\/\S+$/i.test(text) && URL.canParse(text);
}

/** Whether the message may be accepted: at once, or once something was looked up. Refuses by throwing. */
function admission(gateway: Gateway, session: Session, event: ChatEvent): Promise<void> | undefined {
  const picture = event.msg_type === MSG_TYPE.image && isUploadUrl(event.content);
  const isGroup = !directAccess(session.userId, event.conversation_id);
  const standing = isGroup ? checkGroupStanding(gateway, session.userId, event.conversation_id) : undefined;
  if (!picture) return standing;
  return Promise.all([standing, checkPicture(gateway, event.content)]).then(() => {});
}

async function checkPicture(gateway: Gateway, url: string): Promise<void> {
  if (await gateway.blobs.has(uploadName(url))) return;
  throw new Refusal('bad_packet', 'payload.content is not a URL that an upload gave.');
}

async function accept(
  gateway: Gateway,
  session: Session,
  event: ChatEvent,
  startedAt: number,
): Promise<void> {
  const now = gateway.now();
  const { sender_id, msg_id } = event;
  const print = fingerprint(event);
  const known = gateway.recent.get(sender_id, msg_id);
  if (known && known.fingerprint !== print) {
    throw new Refusal('conflict', 'This msg_id was used for another message.');
  }
  event.send_time = acceptedAt(known, now);
  if (!known) gateway.recent.add(sender_id, msg_id, { fingerprint: print, sendTime: now });
  const appendingAt = performance.now();
  try {
    await gateway.log.append('messages', event.conversation_id, event);
  } catch (error) {
    gateway.metrics.appendErrors.inc();
    if (!known) gateway.recent.delete(sender_id, msg_id);
    throw error;
  }
  gateway.metrics.appendSeconds.observe((performance.now() - appendingAt) / 1000);
  const answer: ChatAnswer = { conversation_id: event.conversation_id, server_time: event.send_time };
  session.write(answerFrame(CMD.chat, event.msg_id, answer));
  gateway.metrics.sendSeconds.observe((performance.now() - startedAt) / 1000);
}

/** The others of a direct conversation; nobody where it is with oneself. */
export function peersOf(userId: string, conversationId: string): string[] {
  return (directMembers(conversationId) ?? []).filter((member) => member !== userId);
}
