import type { Timeline } from '../../src/ports/timeline.ts';

export interface TimelineFixture extends AsyncDisposable {
  timeline: Timeline;
  /** Disposes of the timeline and opens the same one again. */
  reopen(): Promise<Timeline>;
}

/** Opens an empty timeline. */
export type OpenTimeline = () => Promise<TimelineFixture>;
