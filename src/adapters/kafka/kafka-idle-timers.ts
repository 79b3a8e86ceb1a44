import { createRequire } from 'node:module';

interface RequestQueue {
  pending: unknown[];
  scheduleCheckPendingRequests(): void;
}

/**
 * kafkajs 2.2 looks again and again, on each of its connections, for requests that had to wait because of a throttle or
 * of too many others. It takes the time of the last throttle for that of the next look, also where there was none and
 * nothing waits: a negative delay, which Node.js makes one millisecond. So an idle process would wake up a thousand times
 * a second for each connection. This leaves the look out where nothing waits; it comes with the next request that must.
 */
export function leaveOutIdleTimers(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as {
    prototype: RequestQueue;
  };
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0) schedule.call(this);
  };
}
