import { randomUUID } from 'node:crypto';
import type { RefusalPayload } from '../protocol/refusal.ts';
import { Refusal } from '../protocol/refusal.ts';

/** How long a request waits for a worker before it is refused with 503. */
const REPLY_TIMEOUT_MS = 5000;
const RETRY_AFTER_MS = 1000;

/** Requests that went through the log and are answered when a worker has carried them out. */
export class Replies {
  private readonly waiting = new Map<string, { settle: (refusal?: Refusal) => void }>();

  /** Names a request, and gives the promise of its end; it rejects with a `Refusal`. */
  expect(): { replyId: string; done: Promise<void>; cancel: () => void } {
    const replyId = randomUUID();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const late = new Refusal('unavailable', 'It was taken down and is not carried out yet.', RETRY_AFTER_MS);
    const timer = setTimeout(() => settle(late), REPLY_TIMEOUT_MS);
    const settle = (refusal?: Refusal) => {
      clearTimeout(timer);
      this.waiting.delete(replyId);
      if (refusal) reject(refusal);
      else resolve();
    };
    this.waiting.set(replyId, { settle });
    promise.catch(() => {});
    return { replyId, done: promise, cancel: () => settle() };
  }

  onReply(replyId: string, refusal: RefusalPayload | undefined): void {
    const waiting = this.waiting.get(replyId);
    waiting?.settle(refusal && new Refusal(refusal.error, refusal.message, refusal.retry_after_ms));
  }
}
