import { randomBytes } from 'node:crypto';
import type { Inbox, InboxEntry, InboxRead } from '../../ports/inbox.ts';
import type { StoredMessage } from '../../ports/messages.ts';
import type { Registry } from '../../ports/registry.ts';
import type { InboxHead } from '../../protocol/packets.ts';
import { createSweep } from './sweep.ts';

export interface MemoryInboxOptions {
  /** Messages that are kept of each user; older ones are trimmed. */
  length: number;
  /** Messages are kept this long after the last one, and the epoch this long after the last touch. */
  ttlMs: number;
  now: () => number;
  /** Where users are looked up. */
  registry: Pick<Registry, 'routes'>;
}

interface UserInbox {
  epoch: string;
  /** Number of the newest message. */
  seq: number;
  /** Ascending and without gaps: the last one has the number `seq`. */
  messages: StoredMessage[];
  conversations: Map<string, Kept>;
  appendedAt: number;
  touchedAt: number;
}

/** What is kept of one conversation: a message newer than `newestSeq` is not there yet, an older one is looked for. */
interface Kept {
  newestSeq: number;
  count: number;
}

/** Inboxes in this process's memory; they hold the messages that were given, which nobody may change. */
export function createMemoryInbox({ length, ttlMs, now, registry }: MemoryInboxOptions): Inbox {
  const inboxes = new Map<string, UserInbox>();
  const sweep = createSweep(inboxes, (inbox) => now() - inbox.touchedAt >= ttlMs);

  function touch(userId: string): UserInbox {
    sweep();
    const time = now();
    let inbox = inboxes.get(userId);
    if (!inbox || time - inbox.touchedAt >= ttlMs) {
      inbox = newInbox(time);
      inboxes.set(userId, inbox);
    } else if (inbox.messages.length > 0 && time - inbox.appendedAt >= ttlMs) {
      inbox.messages = [];
      inbox.conversations.clear();
    }
    inbox.touchedAt = time;
    return inbox;
  }

  return {
    async append(entries) {
      const seqs = entries.map(({ userId, message }) => {
        const inbox = touch(userId);
        inbox.appendedAt = inbox.touchedAt;
        return placeOf(inbox, message) ?? add(inbox, message, length);
      });
      const users = [...new Set(entries.map(({ userId }) => userId))];
      const found = await registry.routes(users);
      return { seqs, routes: new Map(users.map((userId) => [userId, found.get(userId) ?? []])) };
    },

    async head(userId) {
      return headOf(touch(userId));
    },

    async read(userId, epoch, afterSeq, limit): Promise<InboxRead> {
      const inbox = touch(userId);
      const head = headOf(inbox);
      const trimmedThrough = inbox.seq - inbox.messages.length;
      if (epoch !== inbox.epoch || afterSeq > inbox.seq || afterSeq < trimmedThrough) {
        return { head, entries: [], hasMore: false, resync: true };
      }
      const start = afterSeq - trimmedThrough;
      const entries = inbox.messages
        .slice(start, start + limit)
        .map((message, i): InboxEntry => ({ inbox_seq: afterSeq + 1 + i, message }));
      return { head, entries, hasMore: start + limit < inbox.messages.length, resync: false };
    },
  };
}

function newInbox(time: number): UserInbox {
  const epoch = randomBytes(9).toString('base64url');
  return { epoch, seq: 0, messages: [], conversations: new Map(), appendedAt: time, touchedAt: time };
}

function headOf(inbox: UserInbox): InboxHead {
  return { epoch: inbox.epoch, seq: inbox.seq };
}

/** The number of a message that is there already. */
function placeOf(inbox: UserInbox, message: StoredMessage): number | undefined {
  const kept = inbox.conversations.get(message.conversation_id);
  if (!kept || message.seq > kept.newestSeq) return undefined;
  const index = inbox.messages.findLastIndex(
    (other) => other.seq === message.seq && other.conversation_id === message.conversation_id,
  );
  return index < 0 ? undefined : inbox.seq - inbox.messages.length + index + 1;
}

function add(inbox: UserInbox, message: StoredMessage, length: number): number {
  inbox.messages.push(message);
  inbox.seq += 1;
  const kept = inbox.conversations.get(message.conversation_id);
  if (kept) {
    kept.count += 1;
    kept.newestSeq = Math.max(kept.newestSeq, message.seq);
  } else inbox.conversations.set(message.conversation_id, { newestSeq: message.seq, count: 1 });
  if (inbox.messages.length > length) trimOldest(inbox);
  return inbox.seq;
}

function trimOldest(inbox: UserInbox): void {
  const oldest = inbox.messages.shift();
  const kept = oldest && inbox.conversations.get(oldest.conversation_id);
  if (!kept) return;
  kept.count -= 1;
  if (kept.count === 0) inbox.conversations.delete(oldest.conversation_id);
}
