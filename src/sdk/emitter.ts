import type { ClientEvents } from './types.ts';

type Listener<K extends keyof ClientEvents> = (value: ClientEvents[K]) => void;

/** The client's events. A listener that throws disturbs neither the other listeners nor the client. */
export class Emitter {
  readonly #listeners = new Map<keyof ClientEvents, Set<Listener<never>>>();

  on<K extends keyof ClientEvents>(event: K, listener: Listener<K>): () => void {
    const set = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, set);
    // A wrapper of its own, so that one function registered twice is called twice and removed once.
    const own: Listener<K> = (value) => listener(value);
    set.add(own as Listener<never>);
    return () => void set.delete(own as Listener<never>);
  }

  emit<K extends keyof ClientEvents>(event: K, value: ClientEvents[K]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        (listener as Listener<K>)(value);
      } catch (error) {
        this.#failed(event, error);
      }
    }
  }

  /** Like an exception in any event listener: to whoever listens for errors, else uncaught, never swallowed. */
  #failed(event: keyof ClientEvents, error: unknown): void {
    const listened = (this.#listeners.get('error')?.size ?? 0) > 0;
    if (event !== 'error' && listened) {
      this.emit('error', error instanceof Error ? error : new Error(String(error)));
      return;
    }
    queueMicrotask(() => {
      throw error;
    });
  }
}
