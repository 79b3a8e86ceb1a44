import type { CursorStore } from './cursors.ts';
import type { GroupStore } from './groups.ts';
import type { MessageStore } from './messages.ts';
import type { UserStore } from './users.ts';

/**
 * The truth: everything that must survive. Reads see every write that resolved before they were called. Each method is
 * atomic; a store out of reach throws `StoreUnavailable` and has changed nothing, or, where only the answer was lost,
 * everything: so callers write what may be written twice.
 */
export interface Timeline extends MessageStore, CursorStore, GroupStore, UserStore, AsyncDisposable {
  /** Resolves where the store answers; throws `StoreUnavailable` else. For readiness. */
  ping(): Promise<void>;
}
