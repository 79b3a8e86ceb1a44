import { explain } from './explain.ts';
import { changeHeldTimeline, changeTimeline, type Parts } from './parts.ts';
import { withMessages } from './timeline.ts';

const PAGE = 50;

const PROBLEMS = {
  bad_packet: 'There is no such conversation.',
  forbidden: 'You are not a member of this conversation.',
  not_found: 'This group does not exist, or no longer.',
};

/** Fetches the pages of a conversation: the newest when it is opened, older ones as somebody scrolls up. */
export function createHistory(parts: Parts) {
  const { client, store, userId } = parts;

  async function loadNewest(id: string): Promise<void> {
    changeTimeline(parts, id, (timeline) => ({ ...timeline, phase: 'loading', problem: undefined }));
    try {
      const page = await client.history(id, { limit: PAGE });
      changeHeldTimeline(parts, id, (timeline) => ({
        ...withMessages(timeline, page.messages, userId),
        phase: 'ready',
        hasMore: page.hasMore,
      }));
    } catch (error) {
      const problem = explain(error, PROBLEMS);
      changeHeldTimeline(parts, id, (timeline) => ({ ...timeline, phase: 'failed', problem }));
    }
  }

  async function loadOlder(id: string): Promise<void> {
    const timeline = store.get().timelines[id];
    const oldest = timeline?.messages[0];
    if (timeline?.phase !== 'ready' || timeline.loadingOlder || !timeline.hasMore || !oldest) return;
    changeHeldTimeline(parts, id, (now) => ({ ...now, loadingOlder: true }));
    try {
      const page = await client.history(id, { beforeSeq: oldest.seq, limit: PAGE });
      changeHeldTimeline(parts, id, (now) => ({
        ...withMessages(now, page.messages, userId),
        hasMore: page.hasMore,
      }));
    } catch (error) {
      parts.notify(`Older messages could not be loaded. ${explain(error)}`);
    } finally {
      changeHeldTimeline(parts, id, (now) => ({ ...now, loadingOlder: false }));
    }
  }

  return { loadNewest, loadOlder };
}
