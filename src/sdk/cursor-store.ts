import type { CursorStore } from './types.ts';

/** Forgets everything when the process ends: each start is then a new device. */
export function memoryStore(): CursorStore {
  const values = new Map<string, string>();
  return {
    get: (key) => values.get(key) ?? null,
    set: (key, value) => void values.set(key, value),
    remove: (key) => void values.delete(key),
  };
}

/**
 * Keeps cursors in the browser's `localStorage`, each key after `prefix`. Tabs share it, and with it the device id: the
 * tab that logs in last takes over. Give each tab a `deviceId` of its own where they shall run side by side.
 *
 * A browser that refuses to store (private mode, quota) costs pulls after the next start, nothing else, so that is no error.
 */
export function localStorageStore(prefix = 'seqline:'): CursorStore {
  const attempt = <T>(work: () => T, otherwise: T): T => {
    try {
      return work();
    } catch {
      return otherwise;
    }
  };
  return {
    get: (key) => attempt(() => localStorage.getItem(prefix + key), null),
    set: (key, value) => attempt(() => localStorage.setItem(prefix + key, value), undefined),
    remove: (key) => attempt(() => localStorage.removeItem(prefix + key), undefined),
  };
}
