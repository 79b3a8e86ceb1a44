import type { Outgoing } from './timeline.ts';

/**
 * Messages on their way, kept for a reload of the tab: they are sent again with the same ids, so that none is lost
 * and none is doubled. A picture is kept once it is uploaded.
 */
export interface Outbox {
  load(): Outgoing[];
  put(out: Outgoing): void;
  remove(msgId: string): void;
}

export function createOutbox(storage: Storage, userId: string): Outbox {
  const key = `seqline.outbox.${userId}`;

  function load(): Outgoing[] {
    try {
      const value: unknown = JSON.parse(storage.getItem(key) ?? '[]');
      return Array.isArray(value) ? (value as Outgoing[]) : [];
    } catch {
      return [];
    }
  }

  function save(all: Outgoing[]): void {
    try {
      if (all.length > 0) storage.setItem(key, JSON.stringify(all));
      else storage.removeItem(key);
    } catch {
      // The storage is full or forbidden: then the messages live as long as the page.
    }
  }

  return {
    load,
    put(out) {
      const all = load();
      const at = all.findIndex(({ msgId }) => msgId === out.msgId);
      if (at < 0) all.push(out);
      else all[at] = out;
      save(all);
    },
    remove(msgId) {
      save(load().filter((out) => out.msgId !== msgId));
    },
  };
}
