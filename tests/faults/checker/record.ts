import type { Send } from './history.ts';

/** A message that is being sent now. It counts as unknown until `complete`. */
export function invoke(
  message: Pick<Send, 'conversationId' | 'senderId' | 'session' | 'msgId' | 'content'>,
): Send {
  return { ...message, invokedAt: performance.now(), outcome: 'unknown' };
}

/** The answer has come now, with this code. After one of 500 and above the message may be there all the same. */
export function complete(send: Send, code: number): void {
  send.completedAt = performance.now();
  if (code === 0) send.outcome = 'answered';
  else if (code < 500) send.outcome = 'refused';
}
