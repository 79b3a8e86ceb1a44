import { CODES } from '../protocol/codes.ts';
import { answerFrame } from '../protocol/frames.ts';
import { CMD, type InputPacket } from '../protocol/packets.ts';
import { Refusal } from '../protocol/refusal.ts';
import type { PullRequest } from '../protocol/requests.ts';
import type { PullKind } from '../telemetry/metrics.ts';
import type { Gateway } from './gateway-state.ts';
import { conversationPage, conversationsPage, inboxPage, type Page, pageLimit } from './pages.ts';
import type { Session } from './session.ts';

type Packet = PullRequest & InputPacket;

/** Answers with a page, once the client has read the pages before it. */
export function handlePull(gateway: Gateway, session: Session, packet: Packet): Promise<void> {
  const kind = kindOf(packet);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  session.enqueue(async () => {
    try {
      await pull(gateway, session, packet, kind);
      resolve();
    } catch (error) {
      reject(error);
    }
  });
  return promise;
}

function kindOf({ seq, payload }: Packet): PullKind {
  const { conversation_id, inbox, conversations, before_seq } = payload;
  const named = [conversation_id, inbox, conversations].filter((value) => value != null).length;
  if (named !== 1) {
    throw new Refusal('bad_packet', 'payload needs exactly one of conversation_id, inbox and conversations.');
  }
  if (conversations != null) return 'conversations';
  if (inbox != null) return 'inbox';
  if (before_seq == null) return 'conversation';
  if (seq != null)
    throw new Refusal('bad_packet', 'A pull goes either on from seq or back from before_seq, not both.');
  return 'history';
}

async function pull(gateway: Gateway, session: Session, packet: Packet, kind: PullKind): Promise<void> {
  const end = gateway.metrics.pullSeconds.startTimer({ kind });
  const msgId = packet.msg_id ?? undefined;
  if (kind === 'conversations') {
    const { cursor, limit } = packet.payload;
    const page = await conversationsPage(gateway.timeline, session.userId, cursor, pageLimit(limit));
    session.writeLarge(answerFrame(CMD.pull, msgId, page));
  } else {
    const page = await messagesPage(gateway, session.userId, packet);
    gateway.metrics.pullMessages.inc({ kind }, page.count);
    const id = msgId === undefined ? '' : `"msg_id":"${msgId}",`;
    session.writeLarge(
      `{"cmd":${CMD.pull},"code":${CODES.ok.code},${id}"seq":${page.seq},"payload":${page.json}}`,
    );
  }
  end();
}

function messagesPage(gateway: Gateway, userId: string, { seq, payload }: Packet): Promise<Page> {
  const limit = pageLimit(payload.limit);
  if (payload.inbox != null) {
    return inboxPage(gateway.timeline, gateway.inbox, userId, payload.inbox, seq ?? 0, limit);
  }
  const from = payload.before_seq != null ? { beforeSeq: payload.before_seq } : { afterSeq: seq ?? 0 };
  return conversationPage(gateway, userId, payload.conversation_id!, from, limit);
}
