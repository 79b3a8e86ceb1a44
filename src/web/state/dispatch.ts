import { explain } from './explain.ts';
import type { Outbox } from './outbox.ts';
import { changeTimeline, type Parts } from './parts.ts';
import { type Outgoing, withMessages, withOutgoing } from './timeline.ts';

const PROBLEMS = {
  bad_packet: 'The server did not accept this message.',
  forbidden: 'You cannot write here: you are not a member, or you are muted.',
  not_found: 'This group does not exist, or no longer.',
  too_large: 'This message is too long.',
};

/** Hands messages to the client, and shows how far they have come. */
export function createDispatch(parts: Parts, outbox: Outbox) {
  const { client, userId } = parts;

  function show(out: Outgoing): void {
    changeTimeline(parts, out.conversationId, (timeline) => withOutgoing(timeline, out, userId));
  }

  function failed(out: Outgoing, error: unknown): Outgoing {
    return { ...out, stage: 'failed', problem: explain(error, PROBLEMS) };
  }

  function dispatch(given: Outgoing): void {
    const out: Outgoing = { ...given, stage: 'pending', problem: undefined };
    const { msgId, conversationId, content, msgType } = out;
    show(out);
    outbox.put(out);
    const handle = client.send({ msgId, conversationId, content, msgType });
    handle.sent.then(
      () => show({ ...out, stage: 'sent' }),
      // `stored` rejects for the same reason.
      () => undefined,
    );
    handle.stored.then(
      (message) => {
        outbox.remove(msgId);
        changeTimeline(parts, conversationId, (timeline) => withMessages(timeline, [message], userId));
      },
      (error: unknown) => {
        // Signing out rejects what is on its way; it stays in the outbox for the next time.
        if (client.state === 'closed') return;
        outbox.put(failed(out, error));
        show(failed(out, error));
      },
    );
  }

  return { dispatch, show, failed };
}
