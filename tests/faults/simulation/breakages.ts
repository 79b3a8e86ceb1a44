import { StoreConflict, StoreUnavailable } from '../../../src/ports/errors.ts';
import type { StoredMessage } from '../../../src/ports/messages.ts';
import type { Route } from '../../../src/ports/registry.ts';
import type { Timeline } from '../../../src/ports/timeline.ts';
import type { AnomalyName } from '../checker/anomaly.ts';
import type { Breakage } from './run-plan.ts';
import type { Stores } from './worker-ports.ts';

export interface NamedBreakage extends Breakage {
  what: string;
  /** What the checker says of it, at least. */
  name: AnomalyName;
}

/** A safeguard of the worker or of what it stands on is taken out by each, and the checker is to notice. */
export const BREAKAGES: NamedBreakage[] = [
  { what: 'a batch is done when it is handed out', name: 'lost-write', log: { commitsEarly: true } },
  { what: 'a gateway appends in any order', name: 'nonmonotonic-send', log: { unordered: true } },
  { what: 'nothing is known of what is stored', name: 'duplicate', stores: withoutDedup },
  { what: 'numbers are taken as they come', name: 'inconsistent-offsets', stores: withoutFence },
  {
    what: 'a counter that forgot is not set again',
    name: 'lost-write',
    stores: (stores) => ({ ...stores, sequencer: { ...stores.sequencer, reset: async () => {} } }),
  },
  {
    what: 'everyone is taken for a member, but by the store',
    name: 'lost-write',
    stores: (stores) => ({
      ...stores,
      timeline: { ...stores.timeline, membersAmong: async (pairs) => pairs.map(asMember) },
    }),
  },
  {
    what: 'a removal that was answered is not done',
    name: 'trespass',
    stores: (stores) => ({ ...stores, timeline: { ...stores.timeline, changeGroup: async () => undefined } }),
  },
  {
    what: 'what is handed out again is taken for sent again',
    name: 'unseen',
    stores: (stores) => ({
      ...stores,
      timeline: {
        ...stores.timeline,
        findStored: async (keys) =>
          (await stores.timeline.findStored(keys)).map((stored) => ({
            ...stored,
            send_time: stored.send_time - 1,
          })),
      },
    }),
  },
  {
    what: 'a push that fails is taken for done',
    name: 'unseen',
    ports: (ports) => ({
      ...ports,
      bus: {
        ...ports.bus,
        publishGroup: (groupId, pushes) => ports.bus.publishGroup(groupId, pushes).catch(() => {}),
      },
    }),
  },
  {
    what: 'an inbox that fails is taken for written',
    name: 'unseen',
    ports: (ports) => ({
      ...ports,
      inbox: {
        ...ports.inbox,
        append: (entries) =>
          ports.inbox
            .append(entries)
            .catch(() => ({ seqs: entries.map(() => 1), routes: new Map<string, Route[]>() })),
      },
      bus: { ...ports.bus, publish: async () => {} },
    }),
  },
  {
    what: 'a store that fails is taken for done',
    name: 'lost-write',
    ports: (ports) => ({
      ...ports,
      timeline: {
        ...ports.timeline,
        store: (messages, claim) =>
          ports.timeline.store(messages, claim).catch((error) => {
            if (error instanceof StoreUnavailable) return [];
            throw error;
          }),
      },
    }),
  },
];

function asMember({ group_id, user_id }: { group_id: string; user_id: string }) {
  return { group_id, user_id, role: 'member' as const, join_time: 0, join_seq: 0, muted_until: null };
}

/** Stands between an id and what makes it another. */
const MARK = ':again-';

/** The same message is stored under one id after the other, which nobody sees. */
function withoutDedup(stores: Stores): Stores {
  const { timeline } = stores;
  let count = 0;
  const shown = (stored: StoredMessage) => ({ ...stored, msg_id: stored.msg_id.split(MARK)[0]! });
  return {
    ...stores,
    timeline: {
      ...timeline,
      findStored: async () => [],
      async store(messages, claim) {
        const store = (all: typeof messages) => timeline.store(all, claim);
        const stored = await store(messages).catch((error) => {
          if (!(error instanceof StoreConflict)) throw error;
          count += 1;
          return store(
            messages.map((message) => ({ ...message, msg_id: `${message.msg_id}${MARK}${count}` })),
          );
        });
        return stored.map(shown);
      },
      async page(request) {
        const page = await timeline.page(request);
        return { ...page, messages: page.messages.map(shown) };
      },
    },
  };
}

/** Numbers are those of the sequencer, whatever is stored: the timeline only keeps what stands under which. */
function withoutFence(stores: Stores): Stores {
  const { timeline, sequencer } = stores;
  const given = new Map<string, number>();
  const shown = (stored: StoredMessage) => ({
    ...stored,
    seq: given.get(`${stored.conversation_id} ${stored.seq}`) ?? stored.seq,
  });
  const store: Timeline['store'] = async (messages) => {
    const numbers = new Map<StoredMessage['msg_id'], number>();
    for (const { conversation_id, msg_id } of messages) {
      const [number] = await sequencer.take([{ conversationId: conversation_id, count: 1 }]);
      numbers.set(msg_id, number!);
    }
    const stored = await timeline.store(messages, async () => {});
    for (const { conversation_id, seq, msg_id } of stored) {
      given.set(`${conversation_id} ${seq}`, numbers.get(msg_id)!);
    }
    return stored.map(shown);
  };
  return {
    ...stores,
    timeline: {
      ...timeline,
      store,
      findStored: async (keys) => (await timeline.findStored(keys)).map(shown),
      async page(request) {
        const page = await timeline.page(request);
        return { ...page, messages: page.messages.map(shown) };
      },
    },
  };
}
