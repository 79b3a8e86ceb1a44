import type { Timeline } from '../../src/ports/timeline.ts';

export interface TimelineFixture extends AsyncDisposable {
  timeline: Timeline;
  /** Disposes of the timeline and opens the same one again. */
  reopen(): Promise<Timeline>;
}

/** Opens an empty timeline. */
export type OpenTimeline = () => Promise<TimelineFixture>;

/** The head of one conversation; 0 where there is none. */
export async function headOf(timeline: Pick<Timeline, 'headSeqs'>, conversationId: string): Promise<number> {
  return (await timeline.headSeqs([conversationId])).get(conversationId) ?? 0;
}
