import type { CursorStore } from '../../sdk/types.ts';

/**
 * Keeps the client's cursors as long as its device: each tab is a device of its own, so both live in the tab's storage.
 * Where the storage is full or forbidden, the client starts from the server's list the next time.
 */
export function cursorStore(storage: Storage, prefix: string): CursorStore {
  return {
    get: (key) => storage.getItem(prefix + key),
    set(key, value) {
      try {
        storage.setItem(prefix + key, value);
      } catch {
        storage.removeItem(prefix + key);
      }
    },
    remove: (key) => storage.removeItem(prefix + key),
  };
}
