import type { Gateway } from './gateway-state.ts';

/** Appends a request to the log under a reply id, and resolves when a worker has carried it out. */
export async function throughLog(
  gateway: Gateway,
  append: (replyId: string) => Promise<void>,
): Promise<void> {
  const reply = gateway.replies.expect();
  try {
    await append(reply.replyId);
  } catch (error) {
    reply.cancel();
    throw error;
  }
  await reply.done;
}
