import { MSG_TYPE } from '../../protocol/message.ts';
import { createDispatch } from './dispatch.ts';
import type { Outbox } from './outbox.ts';
import { changeTimeline, type Parts } from './parts.ts';
import { createPictures, pictureProblem } from './pictures.ts';
import { randomId } from './random-id.ts';
import { type Outgoing, withoutOutgoing } from './timeline.ts';

/** Sending texts and pictures, again where it failed, and again where the page was left meanwhile. */
export function createSending(parts: Parts, outbox: Outbox) {
  const { dispatch, show, failed } = createDispatch(parts, outbox);
  const pictures = createPictures();

  function sendText(conversationId: string, content: string): void {
    dispatch(outgoing(conversationId, MSG_TYPE.text, content));
  }

  function sendPicture(conversationId: string, file: File): void {
    const problem = pictureProblem(file);
    if (problem) {
      parts.notify(problem);
      return;
    }
    const out = outgoing(conversationId, MSG_TYPE.image, '');
    pictures.add(out.msgId, file);
    void upload(out, file);
  }

  async function upload(out: Outgoing, file: File): Promise<void> {
    show({ ...out, stage: 'uploading', problem: undefined });
    try {
      const { url } = await parts.client.http.upload(file);
      pictures.uploaded(out.msgId);
      dispatch({ ...out, content: url });
    } catch (error) {
      show(failed(out, error));
    }
  }

  function retry(out: Outgoing): void {
    const picture = pictures.waiting(out.msgId);
    if (picture) void upload(out, picture);
    else dispatch(out);
  }

  function discard(out: Outgoing): void {
    outbox.remove(out.msgId);
    changeTimeline(parts, out.conversationId, (timeline) => withoutOutgoing(timeline, out.msgId));
  }

  /** Sends what was on its way when the page was left. */
  function resume(): void {
    for (const out of outbox.load()) {
      if (out.stage === 'failed') show(out);
      else dispatch(out);
    }
  }

  const { previewOf, dispose } = pictures;
  return { sendText, sendPicture, retry, discard, resume, previewOf, dispose };
}

function outgoing(conversationId: string, msgType: Outgoing['msgType'], content: string): Outgoing {
  return { msgId: randomId(), conversationId, msgType, content, time: Date.now(), stage: 'pending' };
}
