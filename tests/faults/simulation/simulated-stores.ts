import { createMemoryInbox } from '../../../src/adapters/memory/memory-inbox.ts';
import { createMemoryPushBus } from '../../../src/adapters/memory/memory-push-bus.ts';
import { createMemoryRegistry } from '../../../src/adapters/memory/memory-registry.ts';
import { createMemorySequencer } from '../../../src/adapters/memory/memory-sequencer.ts';
import type { Inbox } from '../../../src/ports/inbox.ts';
import type { Registry } from '../../../src/ports/registry.ts';
import type { Sequencer } from '../../../src/ports/sequencer.ts';
import type { Timeline } from '../../../src/ports/timeline.ts';
import type { Stores } from './worker-ports.ts';

/** Longer than any run, so that nothing lapses of itself. */
const TTL_MS = 3_600_000_000;
const INBOX_LENGTH = 1000;

/** The embedded stores, of which those that may be emptied can be. */
export interface ForgetfulStores extends Stores {
  loseInboxes(): void;
  loseRoutes(): void;
  loseNumbers(): void;
  inboxesWereLost: boolean;
}

export function createForgetfulStores(timeline: Timeline, now: () => number): ForgetfulStores {
  const newRegistry = () => createMemoryRegistry({ ttlMs: TTL_MS, now });
  let registry: Registry = newRegistry();
  const newInbox = () =>
    createMemoryInbox({
      length: INBOX_LENGTH,
      ttlMs: TTL_MS,
      now,
      registry: { routes: (userIds) => registry.routes(userIds) },
    });
  let inbox: Inbox = newInbox();
  let sequencer: Sequencer = createMemorySequencer();
  return {
    timeline,
    bus: createMemoryPushBus((error) => {
      throw error;
    }),
    inbox: {
      append: (entries) => inbox.append(entries),
      head: (userId) => inbox.head(userId),
      read: (userId, epoch, afterSeq, limit) => inbox.read(userId, epoch, afterSeq, limit),
    },
    registry: {
      now: () => registry.now(),
      register: (route, devicesMax) => registry.register(route, devicesMax),
      refresh: (routes) => registry.refresh(routes),
      unregister: (route) => registry.unregister(route),
      routes: (userIds) => registry.routes(userIds),
      presence: (userIds) => registry.presence(userIds),
    },
    sequencer: {
      take: (wants) => sequencer.take(wants),
      reset: (heads) => sequencer.reset(heads),
    },
    inboxesWereLost: false,
    loseInboxes() {
      inbox = newInbox();
      this.inboxesWereLost = true;
    },
    loseRoutes() {
      registry = newRegistry();
    },
    loseNumbers() {
      sequencer = createMemorySequencer();
    },
  };
}
