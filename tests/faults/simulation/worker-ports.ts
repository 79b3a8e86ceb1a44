import type { Inbox } from '../../../src/ports/inbox.ts';
import type { PushBus } from '../../../src/ports/push-bus.ts';
import type { Registry } from '../../../src/ports/registry.ts';
import type { Sequencer } from '../../../src/ports/sequencer.ts';
import type { Timeline } from '../../../src/ports/timeline.ts';
import type { Scheduler } from './scheduler.ts';

/** The stores that workers share. */
export interface Stores {
  timeline: Timeline;
  sequencer: Sequencer;
  inbox: Inbox;
  registry: Registry;
  bus: PushBus;
}

/** The name under which a worker's calls are made that a transaction of its own waits for. */
export function insideStore(worker: string): string {
  return `${worker} in a transaction`;
}

/** The stores as one life of one worker reaches them: every call waits for the scheduler, twice. */
export function portsOf(scheduler: Scheduler, worker: string, stores: Stores): Stores {
  const through = <T extends object>(name: string, port: T): T => {
    const methods = Object.entries(port).filter(([, member]) => typeof member === 'function');
    const calls = methods.map(([method, member]) => [
      method,
      (...args: unknown[]) => scheduler.call(worker, `${name}.${method}`, () => member.apply(port, args)),
    ]);
    return { ...port, ...Object.fromEntries(calls) };
  };
  const { timeline, sequencer, inbox, registry, bus } = stores;
  const nested = insideStore(worker);
  return {
    timeline: through('timeline', timeline),
    // The sequencer is only called while the timeline is locked: where the worker dies, the transaction ends.
    sequencer: {
      take: (wants) => scheduler.call(nested, 'sequencer.take', () => sequencer.take(wants)),
      reset: (heads) => scheduler.call(nested, 'sequencer.reset', () => sequencer.reset(heads)),
    },
    inbox: through('inbox', inbox),
    registry: through('registry', registry),
    bus: through('bus', bus),
  };
}
